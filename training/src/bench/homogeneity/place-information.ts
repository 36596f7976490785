/** Cells along a side. */
const CELLS = 4;

/**
 * How much a token's cluster says of where it lies: the mutual information of cluster and cell (the map cut into 4×4
 * cells) over the entropy of the clusters, less what chance gives. 0: the clusters are spread as if thrown; 1: a cluster
 * is known from the cell alone. One cluster alone has no entropy: 0.
 *
 *     I = Σ p(l, c) ln [p(l, c) / p(l) p(c)],   bias ≈ (labels − 1)(cells − 1) / 2n,   (I − bias) / (H(l) − bias)
 *
 * @param labels  [rows, cols], whole numbers from 0
 * Source: Miller, Note on the bias of information estimates, 1955 (the bias); Vinh, Epps, Bailey, 2010 (taking it off).
 */
export function placeInformation(
  labels: ArrayLike<number>,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): number {
  const count = rows * cols;
  const joint = new Map<string, number>();
  const [byLabel, byCell] = [new Map<number, number>(), new Map<number, number>()];
  for (let t = 0; t < count; t++) {
    const cellRow = Math.floor((Math.floor(t / cols) * CELLS) / rows);
    const cell = cellRow * CELLS + Math.floor(((t % cols) * CELLS) / cols);
    const label = labels[t]!;
    increment(joint, `${label} ${cell}`);
    increment(byLabel, label);
    increment(byCell, cell);
  }
  const entropy = entropyOf(byLabel.values(), count);
  const information = entropy + entropyOf(byCell.values(), count) - entropyOf(joint.values(), count);
  const bias = ((byLabel.size - 1) * (byCell.size - 1)) / (2 * count);
  return entropy > bias ? (information - bias) / (entropy - bias) : 0;
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** In nats. */
function entropyOf(counts: Iterable<number>, total: number): number {
  let sum = 0;
  for (const count of counts) sum -= (count / total) * Math.log(count / total);
  return sum;
}
