// Modules and workers need a server. In a page opened from a folder the cells stay as printed.
if (location.protocol !== 'file:') {
  const { src, dataset } = document.currentScript;
  import(new URL('cells.mjs', src)).then(({ wake }) => wake(JSON.parse(dataset.words), dataset.version));
}
