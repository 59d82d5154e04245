// Colour Python by the classes of Pygments, so that edited source looks like printed source.
const WORDS = {
  k: 'and as assert async await break class continue def del elif else except finally for global if import in is lambda nonlocal not or pass raise return try while with yield from',
  kc: 'True False None',
  nb: 'abs all any bool dict enumerate filter float int isinstance len list map max min next print range repr reversed round set sorted str sum super tuple type zip',
};
const CLASS_OF = new Map(Object.entries(WORDS).flatMap(([name, words]) => words.split(' ').map((word) => [word, name])));

const TOKEN = new RegExp([
  String.raw`(?<c1>#.*)`,
  String.raw`(?<s1>(?:\b[rbfu]{1,2})?(?:'''[^]*?(?:'''|$)|"""[^]*?(?:"""|$)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?))`,
  String.raw`(?<mf>\b\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)`,
  String.raw`(?<word>[\p{L}_][\p{L}\p{N}\p{M}_]*)`,
  String.raw`(?<o>[-+*/%@=<>!&|^~.]+)`,
].join('|'), 'giu');

// The source as text nodes and spans.
export function highlight(source) {
  const parts = [];
  let end = 0;
  for (const match of source.matchAll(TOKEN)) {
    const [kind, text] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    const className = kind === 'word' ? CLASS_OF.get(text) ?? 'n' : kind;
    parts.push(source.slice(end, match.index));
    parts.push(Object.assign(document.createElement('span'), { className, textContent: text }));
    end = match.index + text.length;
  }
  parts.push(source.slice(end));
  return parts;
}
