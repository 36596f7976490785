import type { AlibiZarrCanvas } from './canvas-element.ts';
import { addClass } from './classes-panel.ts';
import type { Workspace } from './contexts.ts';
import { brushRange, type DisplayState, drawingTool, type EditTool, layerKey, sizeAlong } from './display.ts';
import { takeNewId } from './edit-tools.ts';
import type { KeyCommand } from './keys.ts';
import { stepPlace } from './places.ts';
import { showUnreviewed, toggleReviewed } from './reviewed.ts';

/** Screen pixels an arrow key pans. */
const panStepPx = 80;
/** log2 of the zoom factor of a key press. */
const zoomStep = 0.5;

export interface CommandTargets {
  readonly workspace: Workspace;
  readonly canvas: AlibiZarrCanvas;
  toggleFeatures(): void;
  togglePanel(): void;
}

/** Do what a key asks for. */
export function runCommand(
  command: KeyCommand,
  { workspace, canvas, toggleFeatures, togglePanel }: CommandTargets,
): void {
  const { session, display } = workspace;
  const { state } = display;
  const step = (axis: 'z' | 't', by: number) => {
    const last = sizeAlong(session.image, axis) - 1;
    display.update({ [axis]: Math.min(last, Math.max(0, state[axis] + by)) });
  };
  const pickClass = (by: number): Partial<DisplayState> => {
    const count = session.classes.length;
    return count === 0
      ? {}
      : { activeClass: (state.activeClass + by + count) % count, ...drawingTool(state.tool) };
  };
  const brush = (factor: number, by: number) => {
    const radius = Math.round(state.brushRadiusPx * factor + by);
    display.update({ brushRadiusPx: Math.min(brushRange.most, Math.max(brushRange.least, radius)) });
  };
  const isEditing = session.editing.current !== null;
  const editWith = (tool: EditTool) => display.update({ edit: { ...state.edit, tool } });
  if (isClassCommand(command)) {
    const activeClass = Number(command.slice('class-'.length)) - 1;
    if (activeClass < session.classes.length) display.update({ activeClass, ...drawingTool(state.tool) });
    return;
  }
  const commands: Readonly<Record<Exclude<KeyCommand, ClassCommand>, () => void>> = {
    'zoom-in': () => canvas.zoomBy(zoomStep),
    'zoom-out': () => canvas.zoomBy(-zoomStep),
    fit: () => canvas.fit(),
    'actual-size': () => canvas.actualSize(),
    left: () => canvas.panBy(panStepPx, 0),
    right: () => canvas.panBy(-panStepPx, 0),
    up: () => canvas.panBy(0, panStepPx),
    down: () => canvas.panBy(0, -panStepPx),
    'tool-pan': () => (isEditing ? editWith('pan') : display.update({ tool: 'pan' })),
    'tool-paint': () =>
      isEditing
        ? editWith('brush')
        : session.classes.length === 0
          ? addClass(workspace)
          : display.update({ tool: 'paint' }),
    'tool-erase': () => (isEditing ? editWith('erase') : display.update({ tool: 'erase' })),
    'tool-polygon': () => (isEditing ? editWith('split') : display.update({ tool: 'polygon' })),
    'tool-fill': () => (isEditing ? editWith('fill') : display.update({ tool: 'fill' })),
    'tool-pick': () => (isEditing ? editWith('pick') : display.update({ tool: 'pick' })),
    'tool-similar': () => display.update({ tool: state.tool === 'similar' ? 'pan' : 'similar' }),
    'tool-region': () => display.update({ tool: 'region' }),
    interpolate: () => session.scribbles.interpolate({ classIndex: state.activeClass, t: state.t }),
    'brush-smaller': () => brush(1 / 1.2, -1),
    'brush-larger': () => brush(1.2, 1),
    'next-class': () => display.update(pickClass(1)),
    'previous-class': () => display.update(pickClass(-1)),
    'new-class': () => (isEditing ? takeNewId(workspace) : addClass(workspace)),
    'toggle-reviewed': () => toggleReviewed(workspace),
    'next-unreviewed': () => showUnreviewed(workspace),
    'next-place': () => stepPlace(workspace, 1),
    'previous-place': () => stepPlace(workspace, -1),
    undo: () => (session.editing.current ?? session).undo(),
    redo: () => (session.editing.current ?? session).redo(),
    features: toggleFeatures,
    'toggle-layers': () => toggleLayers(workspace),
    'toggle-strokes': () => display.update({ strokesVisible: !state.strokesVisible }),
    panel: togglePanel,
    'z-up': () => step('z', 1),
    'z-down': () => step('z', -1),
    't-up': () => step('t', 1),
    't-down': () => step('t', -1),
  };
  commands[command]();
}

type ClassCommand = Extract<KeyCommand, `class-${number}`>;

function isClassCommand(command: KeyCommand): command is ClassCommand {
  return command.startsWith('class-');
}

/** Hide all layers, or show all where none is shown. */
function toggleLayers({ session, display }: Workspace): void {
  const keys = session.layers.map(layerKey);
  const visible = !keys.some((key) => display.layer(key).visible);
  for (const key of keys) display.setLayer(key, { visible });
}
