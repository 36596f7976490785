import { AlibiZarrCanvas } from './canvas-element.ts';
import { AlibiZarrChannels } from './channels-panel.ts';
import { AlibiZarrClasses } from './classes-panel.ts';
import { AlibiZarrClusters } from './clusters-panel.ts';
import { AlibiZarrEditing } from './editing-panel.ts';
import { AlibiZarrFeatures } from './features-panel.ts';
import { AlibiZarrFiles } from './files-panel.ts';
import { AlibiZarrGuide } from './guide-panel.ts';
import { AlibiZarrInfo } from './info-panel.ts';
import { AlibiZarrKeptStrokes } from './kept-strokes.ts';
import { AlibiZarrLabelsDialog } from './labels-dialog.ts';
import { AlibiZarrLayers } from './layers-panel.ts';
import { AlibiZarrLearning } from './learning-panel.ts';
import { AlibiZarrMessages } from './messages.ts';
import { AlibiZarrObjectResults } from './object-results.ts';
import { AlibiZarrObjectTable } from './object-table.ts';
import { AlibiZarrObjects } from './objects-panel.ts';
import { AlibiZarrPanel } from './panel-element.ts';
import { AlibiZarrPicker } from './picker-element.ts';
import { AlibiZarrProject } from './project-panel.ts';
import { AlibiZarrQuality } from './quality-panel.ts';
import { AlibiZarrSaveDialog } from './save-dialog.ts';
import { AlibiZarrScaleBar } from './scale-bar-element.ts';
import { AlibiZarrSimilarity } from './similarity-panel.ts';
import { AlibiZarrSlices } from './slices-panel.ts';
import { AlibiZarrStatusBar } from './status-bar.ts';
import { AlibiZarrToolbar } from './toolbar.ts';
import { AlibiZarrViewer } from './viewer-element.ts';
import { AlibiZarrWork } from './work-panel.ts';

const elements = {
  'alibi-zarr-canvas': AlibiZarrCanvas,
  'alibi-zarr-channels': AlibiZarrChannels,
  'alibi-zarr-classes': AlibiZarrClasses,
  'alibi-zarr-clusters': AlibiZarrClusters,
  'alibi-zarr-editing': AlibiZarrEditing,
  'alibi-zarr-features': AlibiZarrFeatures,
  'alibi-zarr-files': AlibiZarrFiles,
  'alibi-zarr-guide': AlibiZarrGuide,
  'alibi-zarr-info': AlibiZarrInfo,
  'alibi-zarr-kept-strokes': AlibiZarrKeptStrokes,
  'alibi-zarr-labels-dialog': AlibiZarrLabelsDialog,
  'alibi-zarr-layers': AlibiZarrLayers,
  'alibi-zarr-learning': AlibiZarrLearning,
  'alibi-zarr-messages': AlibiZarrMessages,
  'alibi-zarr-object-results': AlibiZarrObjectResults,
  'alibi-zarr-object-table': AlibiZarrObjectTable,
  'alibi-zarr-objects': AlibiZarrObjects,
  'alibi-zarr-panel': AlibiZarrPanel,
  'alibi-zarr-picker': AlibiZarrPicker,
  'alibi-zarr-project': AlibiZarrProject,
  'alibi-zarr-quality': AlibiZarrQuality,
  'alibi-zarr-save-dialog': AlibiZarrSaveDialog,
  'alibi-zarr-scale-bar': AlibiZarrScaleBar,
  'alibi-zarr-similarity': AlibiZarrSimilarity,
  'alibi-zarr-slices': AlibiZarrSlices,
  'alibi-zarr-status-bar': AlibiZarrStatusBar,
  'alibi-zarr-toolbar': AlibiZarrToolbar,
  'alibi-zarr-viewer': AlibiZarrViewer,
  'alibi-zarr-work': AlibiZarrWork,
} as const;

/** Register the custom elements that are not registered yet. */
export function defineElements(): void {
  for (const [name, element] of Object.entries(elements)) {
    if (customElements.get(name) === undefined) customElements.define(name, element);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'alibi-zarr-panel': AlibiZarrPanel;
    'alibi-zarr-viewer': AlibiZarrViewer;
  }
}
