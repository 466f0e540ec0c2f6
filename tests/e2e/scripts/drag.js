// Sets a control as a hand does, once a frame for some seconds, and times each event until the paint
// after it. Resolves to paints a second and to the waits in milliseconds.
async ({ selector, from, to, seconds }) => {
  const input = document.querySelector(selector);
  const canvas = document.querySelector('#forward-canvas');
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const waits = [];
  let asked = 0;
  const seen = new MutationObserver(() => {
    if (asked) waits.push(performance.now() - asked);
    asked = 0;
  });
  seen.observe(canvas, { attributes: true, attributeFilter: ['data-frames'] });
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  const first = Number(canvas.dataset.frames);
  const began = performance.now();
  let now = began;
  while (now - began < seconds * 1000) {
    const share = 0.5 - 0.5 * Math.cos(((now - began) / 1000) * 3);
    setter.call(input, from + share * (to - from));
    if (!asked) asked = performance.now();
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await frame();
    now = performance.now();
  }
  await frame();
  seen.disconnect();
  waits.sort((a, b) => a - b);
  const paints = Number(canvas.dataset.frames) - first;
  return { rate: paints / ((now - began) / 1000), median: waits[waits.length >> 1] };
}
