// A plain text area below, the highlighted source above it: the reader types into the one
// and sees the other. Both wrap alike, so nothing scrolls sideways on a phone.
import { highlight } from './highlight.mjs';

const INDENT = '    ';
let count = 0;

export class Editor {
  constructor(pre, name, hint) {
    this.pre = pre;
    this.printed = pre.innerHTML;
    this.start = pre.textContent.replace(/\n$/, '');
    this.hint = Object.assign(document.createElement('span'),
      { className: 'live-hint', id: `live-hint-${count += 1}`, textContent: hint });
    this.area = Object.assign(document.createElement('textarea'),
      { value: this.start, spellcheck: false, autocapitalize: 'off', autocomplete: 'off' });
    this.area.setAttribute('aria-label', name);
    this.area.setAttribute('aria-describedby', this.hint.id);
    this.area.addEventListener('input', () => this.changed());
    this.area.addEventListener('keydown', (event) => this.key(event));
    this.area.addEventListener('blur', () => { this.leaving = false; });
    pre.inert = true; // not read aloud, not focused: the text area stands for it
    pre.parentElement.classList.add('live-editor');
    pre.before(this.area);
  }

  get text() { return this.area.value; }

  reset() {
    this.area.value = this.start;
    this.pre.innerHTML = this.printed;
    this.onChange();
  }

  changed() {
    this.pre.replaceChildren(...highlight(this.text), '\n');
    this.onChange();
  }

  key(event) {
    const { key } = event;
    if (key === 'Enter' && (event.ctrlKey || event.shiftKey || event.metaKey)) {
      event.preventDefault();
      this.onRun();
    } else if (key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      this.insert(`\n${this.indentation()}`);
    } else if (key === 'Escape') {
      this.leaving = true;
    } else if (key === 'Tab' && !this.leaving && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      if (event.shiftKey) this.outdent(); else this.insert(INDENT);
    } else if (key !== 'Tab' && key !== 'Shift') {
      this.leaving = false;
    }
  }

  // The text of the caret's line up to the caret.
  lineStart() {
    const before = this.text.slice(0, this.area.selectionStart);
    return before.slice(before.lastIndexOf('\n') + 1);
  }

  indentation() {
    const line = this.lineStart();
    return line.match(/^ */)[0] + (line.trimEnd().endsWith(':') ? INDENT : '');
  }

  outdent() {
    const { area } = this;
    const caret = area.selectionStart;
    const start = caret - this.lineStart().length;
    const width = this.text.slice(start).match(/^ {0,4}/)[0].length;
    if (!width) return;
    area.setSelectionRange(start, start + width);
    this.insert('');
    area.setSelectionRange(Math.max(start, caret - width), Math.max(start, caret - width));
  }

  // Through the browser's own command, so that undo knows of it.
  insert(text) {
    document.execCommand(text ? 'insertText' : 'delete', false, text);
  }
}
