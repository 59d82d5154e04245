// The live cells of a page: they share one Python and run from top to bottom.
import { Editor } from './editor.mjs';
import { Output } from './output.mjs';
import { Python } from './python.mjs';

export function wake(words, version) {
  const python = new Python(version);
  const cells = [];
  for (const box of document.querySelectorAll('div.cell.tag_live')) {
    const source = box.querySelector('.cell_input pre');
    if (source) cells.push(new Cell(box, source, cells.length + 1, words));
  }
  for (const cell of cells) {
    cell.onRun = () => runThrough(cell, cells, python, words);
    cell.onStop = () => python.stop();
  }
}

// Run a cell, and before it those above it that have not run as they stand now.
async function runThrough(cell, cells, python, words) {
  if (cells.some((other) => other.busy)) return;
  const above = cells.slice(0, cells.indexOf(cell)).filter((other) => other.ranIn !== python.life);
  lock(cells, cell, true);
  try {
    if (!python.ready) cell.say(words.starting);
    await python.start();
    if (above.length) cell.say(words.above);
    for (const other of above) {
      if (!await other.execute(python)) return cell.say(words['failed-above']);
    }
    cell.say(words.running);
    cell.say(await cell.execute(python) ? words.done : words.failed);
  } catch (reason) {
    cell.say(reason === 'stopped' ? words.stopped : words.broken);
  } finally {
    lock(cells, cell, false);
  }
}

function lock(cells, running, busy) {
  for (const cell of cells) {
    if (cell === running) cell.busy = busy;
    else cell.runButton.disabled = busy;
  }
}

class Cell {
  constructor(box, source, index, words) {
    this.name = `${words.cell} ${index}`;
    this.words = words;
    this.printed = box.querySelector('.cell_output');
    this.editor = new Editor(source, this.name, words.hint);
    this.editor.onChange = () => { this.ranIn = undefined; };
    this.editor.onRun = () => this.onRun();
    this.output = new Output(words);
    this.runButton = button('live-run', words.run, () => (this.busy ? this.onStop() : this.onRun()));
    const reset = button('live-reset', words.reset, () => this.reset());
    this.status = Object.assign(document.createElement('span'), { className: 'live-status' });
    this.status.setAttribute('role', 'status');
    const bar = Object.assign(document.createElement('div'), { className: 'live-bar' });
    bar.append(this.runButton, reset, this.status, this.editor.hint);
    box.querySelector('.cell_input').append(bar);
    box.append(this.output.element);
  }

  get busy() { return this.runButton.dataset.busy === 'true'; }

  set busy(busy) {
    this.runButton.dataset.busy = busy;
    this.runButton.textContent = busy ? this.words.stop : this.words.run;
  }

  say(text) { this.status.textContent = text; }

  async execute(python) {
    this.output.clear();
    if (this.printed) this.printed.hidden = true;
    const code = this.editor.text;
    const { ok, figures } = await python.run(code, this.name, this.output);
    figures.forEach((figure) => this.output.addFigure(figure));
    this.ranIn = ok && code === this.editor.text ? python.life : undefined;
    return ok;
  }

  reset() {
    if (this.busy) this.onStop();
    this.editor.reset();
    this.output.clear();
    if (this.printed) this.printed.hidden = false;
    this.say('');
  }
}

function button(className, textContent, onclick) {
  return Object.assign(document.createElement('button'), { type: 'button', className, textContent, onclick });
}
