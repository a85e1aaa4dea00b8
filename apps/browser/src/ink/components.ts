/** Connected components of 8 neighbours, and the length of their outlines; as OpenCV finds them. */
import type { Box, Mask } from "./arrays";

export interface Components {
  /** 0 where there is no ink; else an index of the lists below plus 1. */
  labels: Int32Array;
  boxes: Box[];
  areas: number[];
  /** Centres of mass, x and y. */
  centers: [number, number][];
}

export function findComponents(mask: Mask): Components {
  const { data, width, height } = mask;
  const labels = new Int32Array(width * height);
  const parents: number[] = [0];
  const root = (label: number): number => {
    let at = label;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]];
    return at;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!data[i]) continue;
      let label = x ? labels[i - 1] : 0;
      if (y) {
        const above = labels[i - width];
        if (above) {
          // it touches all other neighbours that were seen, so they are one already
          label = label && label !== above ? join(root(label), root(above)) : above;
        } else {
          const [left, right] = [x ? labels[i - width - 1] : 0, x + 1 < width ? labels[i - width + 1] : 0];
          if (left) label = label && label !== left ? join(root(label), root(left)) : left;
          if (right) label = label && label !== right ? join(root(label), root(right)) : right;
        }
      }
      if (!label) parents.push((label = parents.length));
      labels[i] = label;
    }
  }
  function join(a: number, b: number): number {
    return a < b ? (parents[b] = a) : (parents[a] = b);
  }
  const names = new Int32Array(parents.length);
  const [lefts, tops, rights, bottoms]: number[][] = [[], [], [], []];
  const areas: number[] = [];
  const sums: [number, number][] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!labels[i]) continue;
      const top = root(labels[i]);
      let name = names[top];
      if (!name) {
        name = names[top] = areas.push(0);
        lefts.push(x), rights.push(x), tops.push(y), bottoms.push(y), sums.push([0, 0]);
      }
      labels[i] = name;
      const at = name - 1;
      if (x < lefts[at]) lefts[at] = x;
      if (x > rights[at]) rights[at] = x;
      bottoms[at] = y;
      areas[at]++;
      sums[at][0] += x;
      sums[at][1] += y;
    }
  }
  return {
    labels,
    areas,
    boxes: areas.map((_, i) => ({ x: lefts[i], y: tops[i], width: rights[i] - lefts[i] + 1, height: bottoms[i] - tops[i] + 1 })),
    centers: areas.map((area, i) => [sums[i][0] / area, sums[i][1] / area]),
  };
}

// East first, then against the clock: (x, y) of the eight neighbours.
const AROUND: [number, number][] = [[1, 0], [1, -1], [0, -1], [-1, -1], [-1, 0], [-1, 1], [0, 1], [1, 1]]; // prettier-ignore

/** The length of all outlines, outer ones and those of holes, through the middles of pixels (Suzuki and Abe, 1985). */
export function measureOutlines(mask: Mask): number {
  const width = mask.width + 2; // a border of paper, so that no neighbour lies outside
  const height = mask.height + 2;
  const map = new Int32Array(width * height);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) if (mask.data[y * mask.width + x]) map[(y + 1) * width + x + 1] = 1;
  }
  const steps = AROUND.map(([x, y]) => y * width + x);
  let [length, name] = [0, 1];
  for (let i = width + 1; i < map.length - width; i++) {
    if (!map[i]) continue;
    const isOuter = map[i] === 1 && map[i - 1] === 0;
    const isHole = !isOuter && map[i] >= 1 && map[i + 1] === 0;
    if (isOuter || isHole) length += follow(map, steps, i, isOuter ? 4 : 0, ++name);
  }
  return length;
}

function follow(map: Int32Array, steps: number[], start: number, from: number, name: number): number {
  // the first neighbour with the clock from where the border was met
  let direction = from;
  do direction = (direction + 7) & 7;
  while (!map[start + steps[direction]] && direction !== from);
  if (!map[start + steps[direction]]) {
    map[start] = -name;
    return 0;
  }
  const first = start + steps[direction];
  let at = start;
  let length = 0;
  for (;;) {
    // the next neighbour against the clock, after where we came from
    let passedEast = false;
    let next = direction;
    for (;;) {
      next = (next + 1) & 7;
      if (map[at + steps[next]]) break;
      if (next === 0) passedEast = true;
    }
    if (passedEast) map[at] = -name;
    else if (map[at] === 1) map[at] = name;
    length += next & 1 ? Math.SQRT2 : 1;
    const to = at + steps[next];
    if (to === start && at === first) return length;
    at = to;
    direction = (next + 4) & 7;
  }
}
