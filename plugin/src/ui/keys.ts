/** Position of a class in the list, from 1, that Shift and its digit choose. */
type ClassDigit = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** What a key press asks for; the letters and digits are those of napari's labels layer where it has them. */
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
  | 'tool-polygon'
  | 'tool-fill'
  | 'tool-pick'
  | 'interpolate'
  | 'tool-region'
  | 'tool-similar'
  | `class-${ClassDigit}`
  | 'brush-smaller'
  | 'brush-larger'
  | 'next-class'
  | 'previous-class'
  | 'new-class'
  | 'toggle-reviewed'
  | 'next-unreviewed'
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
  '1': 'tool-erase',
  '2': 'tool-paint',
  '3': 'tool-polygon',
  '4': 'tool-fill',
  '5': 'tool-pick',
  '6': 'tool-pan',
  e: 'tool-erase',
  p: 'tool-paint',
  f: 'tool-fill',
  l: 'tool-pick',
  z: 'tool-pan',
  i: 'interpolate',
  r: 'tool-region',
  x: 'tool-similar',
  '[': 'brush-smaller',
  ']': 'brush-larger',
  '.': 'next-class',
  ',': 'previous-class',
  m: 'new-class',
  k: 'toggle-reviewed',
  j: 'next-unreviewed',
  n: 'next-place',
  b: 'previous-place',
  c: 'features',
  v: 'toggle-layers',
  s: 'toggle-strokes',
  h: 'panel',
  PageUp: 'z-up',
  PageDown: 'z-down',
  '>': 't-up',
  '<': 't-down',
};

const classDigits: readonly ClassDigit[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Keys and what they do, for people. */
export const keyHelp: readonly (readonly [keys: string, what: string])[] = [
  ['1 or E', 'erase (also the right button)'],
  ['2 or P', 'paint'],
  [
    '3',
    'polygon: click corners or drag a lasso; Enter or a double click closes it, Backspace takes a corner back, Escape gives it up',
  ],
  ['4 or F', 'fill what strokes enclose, or a painted area'],
  ['5 or L', 'pick the class under the pointer'],
  ['6 or Z', 'move (also the space bar, or the middle button)'],
  ['[ and ]', 'smaller and larger brush'],
  ['Shift 1…9', 'choose a class'],
  [', and .', 'previous and next class'],
  ['M', 'new class'],
  ['I', 'fill the slices between those where the class is painted'],
  ['R', 'draw the region that is learned from and labelled: drag a rectangle, or click corners'],
  ['X', 'look for what is like where you click; the right button says what is not'],
  ['Ctrl Z, Ctrl Shift Z', 'undo, redo'],
  ['+, −, 0, End', 'zoom in, out, show everything, one to one'],
  ['arrows', 'move'],
  ['PageUp, PageDown', 'next and previous slice'],
  ['< and >', 'previous and next time point'],
  ['K', 'mark the slice as reviewed, or take the mark back'],
  ['J', 'next slice that is not reviewed'],
  ['C', 'colours of the features'],
  ['V, S', 'show or hide layers, strokes'],
  ['H', 'show or hide the panel'],
];

/** The command of a key press; `null` where it is not ours, or belongs to a field that is being edited. */
export function keyCommand(event: KeyboardEvent): KeyCommand | null {
  if (isEditing(event)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
    return key === 'y' ? 'redo' : null;
  }
  if (event.altKey) return null;
  // The place of the key and not its letter: with Shift that depends on the keyboard.
  const digit = event.shiftKey ? classDigits.find((each) => event.code === `Digit${each}`) : undefined;
  return digit === undefined ? (plain[key] ?? null) : `class-${digit}`;
}

/** Sliders keep arrows, Home, End and the page keys; text fields keep everything. */
function isEditing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  if (target.type === 'range' || target.type === 'radio') return /^(Arrow|Home|End|Page)/.test(event.key);
  return !['checkbox', 'color', 'button'].includes(target.type);
}
