// The button below an item shows its next variant, with the solution closed again.
(() => {
  function wake(item) {
    const variants = [...item.querySelectorAll('.item-variant')];
    const more = item.querySelector('.item-more');
    const status = more.querySelector('[role=status]');
    let shown = 0;

    function show(k) {
      shown = k;
      variants.forEach((variant, j) => {
        variant.classList.toggle('item-other', j !== k);
        variant.querySelectorAll('details').forEach((fold) => { fold.open = false; });
      });
      status.textContent = more.dataset.variant
        .replace('{number}', k + 1).replace('{count}', variants.length);
    }

    more.querySelector('button').addEventListener('click', () => show((shown + 1) % variants.length));
    more.hidden = false;
  }

  document.querySelectorAll('.exam-item').forEach(wake);
})();
