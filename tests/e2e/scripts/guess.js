// Moves the slider to t and waits for the denoiser's answer about it: milliseconds after the rest.
async (t) => {
  const input = document.querySelector('#forward-t input');
  const guess = document.querySelector('#forward-guess');
  input.value = t;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  const began = performance.now();
  const frame = () => new Promise(requestAnimationFrame);
  while (guess.dataset.t !== String(t) || guess.dataset.state !== 'answered') {
    await frame();
    if (performance.now() - began > 5000) throw new Error('no guess');
  }
  return performance.now() - began - 150;
}
