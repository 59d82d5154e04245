// What a cell prints and draws in the page.
const LIMIT = 100_000; // characters; a loop that prints without end must not fill the page

export class Output {
  constructor(words) {
    this.words = words;
    this.element = Object.assign(document.createElement('div'), { className: 'live-output' });
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', words.output);
    this.element.setAttribute('aria-live', 'polite');
    this.clear();
  }

  clear() {
    this.element.replaceChildren();
    this.length = 0;
  }

  // Text of one stream, 'out' or 'err'; pieces of the same stream stand in one block.
  write(stream, text) {
    if (this.length >= LIMIT) return;
    const room = LIMIT - this.length;
    this.length += text.length;
    const shown = text.length < room ? text : `${text.slice(0, room)}\n${this.words.cut}`;
    let block = this.element.lastElementChild;
    if (!block?.classList.contains(`live-${stream}`)) {
      block = Object.assign(document.createElement('pre'), { className: `live-${stream}` });
      this.element.append(block);
    }
    block.append(shown);
  }

  addFigure(svg) {
    const src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    this.element.append(Object.assign(new Image(), { src, alt: this.words.figure }));
  }
}
