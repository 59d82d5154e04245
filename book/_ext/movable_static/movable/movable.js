// Wake the movable figures of the page. The picture, its formulas and its first state come
// from the page; here they are computed again whenever the reader moves something.
(() => {
  const APPLY = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '**': Math.pow,
    tanh: Math.tanh,
  };

  const evaluate = (tree, values) =>
    typeof tree === 'string' ? values[tree]
      : Array.isArray(tree) ? APPLY[tree[0]](...tree.slice(1).map((part) => evaluate(part, values)))
        : tree;

  // The recurrence from zero: every curve, and the product of the local gradients.
  function compute(figure, sliders, inputs) {
    const now = { ...sliders };
    const curves = {};
    for (const name in figure.curves) [now[name], curves[name]] = [0, []];
    let gradient = 1;
    inputs.forEach((value, k) => {
      now[figure.input.name] = value;
      for (const name in figure.curves) {
        curves[name].push(now[name] = evaluate(figure.curves[name], now));
      }
      if (k > 0) gradient *= evaluate(figure.gradient, now);
    });
    return { curves, gradient };
  }

  const signed = (text) => String(text).replace('-', '−');
  const spoken = (name, values) =>
    `${name}_t = ` + values.map((v) => signed(Math.round(100 * v) / 100 || 0)).join(', ');

  // Three digits: 0.905, −1.23·10⁻⁷.
  function written(value) {
    if (value === 0) return '0';
    const [mantissa, exponent] = value.toExponential(2).split('e').map(Number);
    if (exponent >= -3 && exponent <= 2) return signed(value.toFixed(2 - exponent));
    const raised = [...String(exponent)].map((c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]);
    return `${signed(mantissa.toFixed(2))}·10${raised.join('')}`;
  }

  // The end of the vertical axis: 1, 2, 5, 10, 20, … so that all values fit.
  function reach(curves) {
    const largest = Math.max(...Object.values(curves).flat().map(Math.abs));
    for (let power = 1; ; power *= 10) {
      for (const m of [1, 2, 5]) if (m * power >= largest) return m * power;
    }
  }

  const percent = (share) => `${100 * share}%`;
  const set = (element, attributes) => {
    for (const key in attributes) element.setAttribute(key, attributes[key]);
  };

  function drawStems(svg, figure, inputs) {
    const [low, high] = [Math.min(...figure.input.values), Math.max(...figure.input.values)];
    const height = inputs.map((value) => percent((high - value) / (high - low)));
    svg.querySelectorAll('line:not(.axis)').forEach((line, k) => set(line, { y2: height[k] }));
    svg.querySelectorAll('circle').forEach((dot, k) => set(dot, { cy: height[k] }));
    set(svg, { 'aria-label': spoken(figure.input.name, inputs) });
  }

  function drawCurves(svg, curves) {
    const high = reach(curves);
    const ticks = svg.querySelectorAll('.tick');
    [high, 0, -high].forEach((value, k) => { ticks[k].textContent = signed(value); });
    Object.values(curves).forEach((values, k) => {
      const height = values.map((value) => percent((1 - value / high) / 2));
      const group = svg.querySelector(`.curve-${k + 1}`);
      group.querySelectorAll('line').forEach((line, t) => set(line, { y1: height[t], y2: height[t + 1] }));
      group.querySelectorAll('circle').forEach((dot, t) => set(dot, { cy: height[t] }));
    });
    const parts = Object.entries(curves).map(([name, values]) => spoken(name, values));
    set(svg, { 'aria-label': parts.join('; ') });
  }

  function wake(form) {
    const figure = JSON.parse(form.dataset.figure);
    const sliders = [...form.querySelectorAll('input[type=range]')];
    const toggles = [...form.querySelectorAll('.movable-toggles button')];
    const stems = form.querySelector('.movable-stems');
    const start = toggles.map((button) => button.value);

    function show() {
      const inputs = toggles.map((button) => Number(button.value));
      const settings = Object.fromEntries(sliders.map((one) => [one.name, one.valueAsNumber]));
      const { curves, gradient } = compute(figure, settings, inputs);
      drawStems(stems, figure, inputs);
      drawCurves(form.querySelector('.movable-chart'), curves);
      for (const slider of sliders) {
        slider.nextElementSibling.textContent = signed(slider.valueAsNumber.toFixed(2));
      }
      for (const name in curves) form.elements[name].textContent = written(curves[name].at(-1));
      form.elements.gradient.textContent = written(gradient);
    }

    function put(button, value) {
      button.value = value;
      button.textContent = signed(value);
      set(button, { 'aria-label': `${figure.input.name}_${button.dataset.t} = ${signed(value)}` });
    }

    function turn(button) {
      const { values } = figure.input;
      put(button, values[(values.indexOf(Number(button.value)) + 1) % values.length]);
      show();
    }

    // The buttons are one Tab stop, where the focus was last; the arrow keys move inside.
    function step(event) {
      const here = toggles.indexOf(event.target);
      const goal = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: toggles.length - 1 }[event.key];
      if (!toggles[goal]) return;
      event.preventDefault();
      toggles[goal].focus();
    }

    toggles.forEach((button) => button.addEventListener('click', () => turn(button)));
    toggles[0].parentElement.addEventListener('keydown', step);
    toggles[0].parentElement.addEventListener('focusin', (event) => {
      for (const button of toggles) button.tabIndex = button === event.target ? 0 : -1;
    });
    stems.addEventListener('click', (event) => {
      const box = stems.getBoundingClientRect();
      const k = Math.floor((event.clientX - box.left) / box.width * toggles.length);
      if (toggles[k]) turn(toggles[k]);
    });
    form.addEventListener('input', show);
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('reset', () => {
      toggles.forEach((button, k) => put(button, start[k]));
      setTimeout(show); // the sliders are reset after this event
    });
    form.querySelectorAll('[disabled]').forEach((control) => { control.disabled = false; });
  }

  document.querySelectorAll('form.movable').forEach(wake);
})();
