// The part of KaTeX that is used here.

declare const katex: {
  render(tex: string, element: HTMLElement, options?: { output?: "mathml"; displayMode?: boolean; throwOnError?: boolean }): void;
};
export default katex;
