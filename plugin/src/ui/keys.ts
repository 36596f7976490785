/** What a key press asks for; the letters and digits follow napari where it has them. */
export type KeyCommand =
  | 'zoom-in'
  | 'zoom-out'
  | 'fit'
  | 'actual-size'
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'tool-pan'
  | 'tool-paint'
  | 'tool-erase'
  | 'brush-smaller'
  | 'brush-larger'
  | 'next-class'
  | 'previous-class'
  | 'new-class'
  | 'next-place'
  | 'previous-place'
  | 'undo'
  | 'redo'
  | 'features'
  | 'toggle-layers'
  | 'toggle-strokes'
  | 'panel'
  | 'z-up'
  | 'z-down'
  | 't-up'
  | 't-down';

const plain: Readonly<Record<string, KeyCommand>> = {
  '+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  _: 'zoom-out',
  '0': 'fit',
  Home: 'fit',
  End: 'actual-size',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  '1': 'tool-pan',
  '2': 'tool-paint',
  '3': 'tool-erase',
  '[': 'brush-smaller',
  ']': 'brush-larger',
  '.': 'next-class',
  ',': 'previous-class',
  m: 'new-class',
  n: 'next-place',
  b: 'previous-place',
  f: 'features',
  v: 'toggle-layers',
  s: 'toggle-strokes',
  p: 'panel',
  PageUp: 'z-up',
  PageDown: 'z-down',
  '>': 't-up',
  '<': 't-down',
};

/** The command of a key press; `null` where it is not ours, or belongs to a field that is being edited. */
export function keyCommand(event: KeyboardEvent): KeyCommand | null {
  if (isEditing(event)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
    return key === 'y' ? 'redo' : null;
  }
  return event.altKey ? null : (plain[key] ?? null);
}

/** Sliders keep arrows, Home, End and the page keys; text fields keep everything. */
function isEditing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  if (target.type === 'range' || target.type === 'radio') return /^(Arrow|Home|End|Page)/.test(event.key);
  return !['checkbox', 'color', 'button'].includes(target.type);
}
