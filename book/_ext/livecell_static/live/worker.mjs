// Python behind the page: starts Pyodide, then runs the cells it is sent, one at a time.
import { loadPyodide } from '../pyodide/pyodide.mjs';

const { search } = new URL(import.meta.url);
const here = (name) => new URL(name + search, import.meta.url).href;
const fetched = async (name) => {
  const answer = await fetch(here(name));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
};

// The first pieces of a cell's output are sent at once, so that they show even if it never
// ends; after them in batches, because a message for each print would flood the page.
const AT_ONCE = 200;
const pending = { stream: 'out', text: '', since: 0, pieces: 0 };

function flush() {
  if (pending.text) postMessage({ stream: pending.stream, text: pending.text });
  pending.text = '';
  pending.since = performance.now();
}

function send(stream, text) {
  if (stream !== pending.stream) flush();
  pending.stream = stream;
  pending.text += text;
  pending.pieces += 1;
  if (pending.pieces <= AT_ONCE || performance.now() - pending.since > 50) flush();
}

// The data files of this package are 2 MB: they are fetched when a cell first imports it.
const DATA = 'rnnlib.datasets';
let files;

async function unpack(python, name) {
  python.unpackArchive(await (await fetched(name)).arrayBuffer(), 'zip', { extractDir: '/library' });
}

async function start() {
  const python = await loadPyodide({
    indexURL: new URL('../pyodide/', import.meta.url).href,
    env: { MPLBACKEND: 'agg', HOME: '/home/pyodide' },
  });
  await unpack(python, 'library.zip');
  python.runPython(await (await fetched('runner.py')).text());
  return python;
}

const starting = start();
starting.then(() => postMessage({ ok: true }), (error) => {
  console.error(error);
  postMessage({ broken: true });
});

onmessage = async ({ data: { code, name } }) => {
  const python = await starting;
  pending.pieces = 0;
  const call = (job, ...rest) => {
    const proxy = python.globals.get(job)(...rest);
    const value = proxy?.toJs?.() ?? proxy;
    proxy?.destroy?.();
    return value;
  };
  try {
    const modules = call('imports', code);
    const needsData = modules.some((module) => module.startsWith(DATA));
    if (needsData) await (files ??= unpack(python, `${DATA}.zip`));
    const imports = modules.map((module) => `import ${module.split('.')[0]}`).join('\n');
    await python.loadPackagesFromImports(imports, { messageCallback: () => {} });
    const ok = call('run', code, name, send);
    const figures = call('figures');
    flush();
    postMessage({ ok, figures });
  } catch (error) {
    console.error(error);
    postMessage({ broken: true });
  }
};
