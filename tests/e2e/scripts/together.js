// A player of its own, told of two frames as they are made and of six more together, 600 ms later.
// Resolves to [milliseconds since these six came, the step then shown] for each change of it.
async () => {
  const { mount } = await import(new URL('live/sample/view.js', document.baseURI));
  const element = document.createElement('div');
  element.innerHTML = '<div class="live-view"></div>';
  const view = { facts: { settings: [], places: [] }, props: {}, server: {}, trigger() {}, watch: (name, heard) => (view.heard = heard) };
  mount(element, view);
  const tell = (...events) => {
    view.props.value = JSON.stringify({ run: 1, events });
    view.heard();
  };
  const picture = btoa('\x80'.repeat(16));
  const frame = (index) => ({
    kind: 'frame', lane: 0, index, t: 700 - 100 * index, alpha: 0.6, sigma: 0.8,
    evaluations: index, seconds: 0, x: picture, x0: picture, eps: picture,
  });
  tell({
    kind: 'start', steps: 7, count: 1, shape: [1, 4, 4], columns: 1, headings: [], words: '',
    lanes: ['DDIM'], grid: [700, 600, 500, 400, 300, 200, 100, 0], T: 1000, outside: 0, curve: [],
  }, frame(0));
  tell(frame(1));
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  await wait(600);
  const canvas = element.querySelector('canvas');
  const shown = [];
  const came = performance.now();
  const seen = new MutationObserver(() => shown.push([performance.now() - came, Number(canvas.dataset.index)]));
  seen.observe(canvas, { attributeFilter: ['data-index'] });
  tell(...[2, 3, 4, 5, 6, 7].map(frame));
  await wait(2000);
  return shown.filter(([, index], k) => index !== shown[k - 1]?.[1]);
}
