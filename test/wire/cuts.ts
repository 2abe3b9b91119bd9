/** The ways in which a stream of bytes may reach a codec. Each piece is a copy: codecs may write into what they get. */
export function* waysToCut(bytes: Buffer): Generator<{ how: string; pieces: Buffer[] }> {
  yield { how: 'whole', pieces: cut(bytes, []) }
  for (let at = 1; at < bytes.length; at++) yield { how: `cut at ${at}`, pieces: cut(bytes, [at]) }
  yield { how: 'byte by byte', pieces: cut(bytes, [...bytes.keys()].slice(1)) }
  for (let seed = 1; seed <= 20; seed++) yield { how: `random cuts, seed ${seed}`, pieces: randomCuts(bytes, seed) }
}

function randomCuts(bytes: Buffer, seed: number): Buffer[] {
  const random = seededRandom(seed)
  const places: number[] = []
  for (let at = random(40) + 1; at < bytes.length; at += random(40) + 1) places.push(at)
  return cut(bytes, places)
}

/** Whole numbers below `limit`, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  return [0, ...places].map((from, i) => Buffer.from(bytes.subarray(from, places[i])))
}
