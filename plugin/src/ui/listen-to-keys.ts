/**
 * Keys that are meant for an element: those pressed inside it, and, where what was used last on the page lies inside it, those
 * pressed while nothing has the focus. A button that is disabled while it works loses the focus to nothing.
 *
 * @returns  a function that stops listening
 */
export function listenToKeys(element: HTMLElement, onKey: (event: KeyboardEvent) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let wasUsedLast = false;
  const used = (event: Event): void => {
    wasUsedLast = event.composedPath().includes(element);
  };
  for (const type of ['pointerdown', 'focusin'])
    document.addEventListener(type, used, { signal, capture: true });
  element.addEventListener('keydown', onKey, { signal });
  document.addEventListener(
    'keydown',
    (event) => {
      if (wasUsedLast && event.target === document.body) onKey(event);
    },
    { signal },
  );
  return () => stop.abort();
}
