import type { CheckpointManifest } from '../manifest.ts';

/** How a checkpoint knows where a patch lies, in a few words: "learned", "ALiBi on the torus", "local ALiBi, radius 8". */
export function positionText(position: CheckpointManifest['position']): string {
  if (position.kind !== 'alibi') return position.kind;
  const { metric, wrap, normalise, distanceScale, attentionRadius, hidePrefix, slopes } = position;
  const isLocal = !wrap && normalise === 'scale';
  const parts = [isLocal ? 'local ALiBi' : wrap ? 'ALiBi on the torus' : 'ALiBi without torus'];
  if (isLocal && !hidePrefix) parts.push('CLS read');
  if (!isLocal && hidePrefix) parts.push('CLS hidden');
  if (!isLocal && normalise === 'scale') parts.push(`distances over ${distanceScale} tokens`);
  if (normalise === 'none') parts.push('distances in tokens');
  if (attentionRadius !== null) parts.push(`radius ${attentionRadius}`);
  if (metric !== 'euclidean') parts.push(metric);
  if (slopes !== 'constant') parts.push(`${slopes} slopes`);
  return parts.join(', ');
}
