/** Edges of a bipartite graph, row by row. */
export interface WeightedPairs {
  /** First edge of each row, with the total at the end. */
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  /** Positive. */
  readonly weights: Float64Array;
  readonly columnCount: number;
}

const none = 0xffffffff;

/**
 * The assignment of rows to columns, at most one to one and only along edges, of the largest sum of weights.
 *
 * Each row in turn takes the best augmenting path (Dijkstra on reduced costs), which looks at no more of the graph than it
 * must: of objects that overlap a few others each, some neighbours.
 *
 * @returns  column of each row, −1 for none
 * Source: Jonker & Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment problems, 1987
 */
export function assign(pairs: WeightedPairs): Int32Array {
  const rowCount = pairs.starts.length - 1;
  const columnOf = new Uint32Array(rowCount).fill(none);
  const rowOf = new Uint32Array(pairs.columnCount).fill(none);
  // Prices, such that no edge is worth more than its row's and its column's price together.
  const rowPrice = new Float64Array(rowCount);
  const columnPrice = new Float64Array(pairs.columnCount);
  for (let row = 0; row < rowCount; row++) augment(row);
  return Int32Array.from(columnOf, (column) => (column === none ? -1 : column));

  function augment(root: number): void {
    const { starts, columns, weights } = pairs;
    for (let edge = starts[root]!; edge < starts[root + 1]!; edge++) {
      rowPrice[root] = Math.max(rowPrice[root]!, weights[edge]! - columnPrice[columns[edge]!]!);
    }
    // Cost from the root to each row and column met; a row may end the path by giving its column up, at its price.
    const rowCost = new Map<number, number>([[root, 0]]);
    const columnCost = new Map<number, number>();
    const parent = new Map<number, number>();
    const settled = new Set<number>();
    let best = { cost: rowPrice[root]!, row: root, column: none };
    for (let row = root; ; ) {
      const cost = rowCost.get(row)!;
      if (cost + rowPrice[row]! < best.cost) best = { cost: cost + rowPrice[row]!, row, column: none };
      for (let edge = starts[row]!; edge < starts[row + 1]!; edge++) {
        const column = columns[edge]!;
        const next = cost + rowPrice[row]! + columnPrice[column]! - weights[edge]!;
        if (settled.has(column) || next >= (columnCost.get(column) ?? Number.POSITIVE_INFINITY)) continue;
        columnCost.set(column, next);
        parent.set(column, row);
      }
      let nearest = none;
      let least = best.cost;
      for (const [column, value] of columnCost) {
        if (!settled.has(column) && value < least) [nearest, least] = [column, value];
      }
      if (nearest === none) break;
      if (rowOf[nearest] === none) {
        best = { cost: least, row: parent.get(nearest)!, column: nearest };
        break;
      }
      settled.add(nearest);
      row = rowOf[nearest]!;
      rowCost.set(row, least);
    }
    for (const [row, cost] of rowCost) rowPrice[row] = rowPrice[row]! - (best.cost - cost);
    for (const column of settled)
      columnPrice[column] = columnPrice[column]! + (best.cost - columnCost.get(column)!);
    shift(root, best, parent);
  }

  function shift(root: number, end: { row: number; column: number }, parent: Map<number, number>): void {
    let { row, column } = end;
    for (;;) {
      const before = columnOf[row]!;
      columnOf[row] = column;
      if (column !== none) rowOf[column] = row;
      if (row === root) return;
      column = before;
      row = parent.get(column)!;
    }
  }
}
