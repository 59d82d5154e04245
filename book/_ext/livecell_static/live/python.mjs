// The page's one Python. It lives in a worker, so the page never freezes and a cell that
// does not end can be stopped: the worker is thrown away, and the next run starts anew.
export class Python {
  life = 0; // counts the starts: what ran in an earlier life is forgotten

  constructor(version) {
    this.version = version;
  }

  start() {
    this.ready ??= new Promise((resolve, reject) => {
      this.life += 1;
      const query = `?v=${this.version}`;
      this.worker = new Worker(new URL(`worker.mjs${query}`, import.meta.url), { type: 'module' });
      this.worker.onmessage = ({ data }) => this.hear(data);
      this.worker.onerror = () => this.end('broken');
      [this.resolve, this.reject] = [resolve, reject];
    });
    return this.ready;
  }

  // Resolves to { ok, figures }; the output gets what is printed meanwhile.
  run(code, name, output) {
    return new Promise((resolve, reject) => {
      [this.resolve, this.reject, this.output] = [resolve, reject, output];
      this.worker.postMessage({ code, name });
    });
  }

  stop() { this.end('stopped'); }

  end(reason) {
    this.worker?.terminate();
    this.worker = this.ready = undefined;
    this.life += 1;
    this.reject?.(reason);
  }

  hear(message) {
    if (message.text) this.output.write(message.stream, message.text);
    else if (message.broken) this.end('broken');
    else this.resolve(message);
  }
}
