// The button below an item puts its next variant into the page, with the solution closed.
(() => {
  function wake(item) {
    // One stays in the page: to set the formulas of all would take the browser a minute.
    const variants = [...item.querySelectorAll('.item-variant')];
    variants.slice(1).forEach((variant) => variant.remove());
    const more = item.querySelector('.item-more');
    const status = more.querySelector('[role=status]');
    let shown = 0;

    function show(k) {
      const variant = variants[k];
      variants[shown].replaceWith(variant);
      shown = k;
      variant.classList.remove('item-other');
      variant.querySelectorAll('details').forEach((fold) => { fold.open = false; });
      if (!variant.querySelector('mjx-container')) window.MathJax?.typesetPromise?.([variant]);
      status.textContent = more.dataset.variant
        .replace('{number}', k + 1).replace('{count}', variants.length);
    }

    more.querySelector('button').addEventListener('click', () => show((shown + 1) % variants.length));
    more.hidden = false;
  }

  document.querySelectorAll('.exam-item').forEach(wake);
})();
