/** `bytes`, if there are exactly `size` of them; what comes after is left. Rejects when there are fewer. */
export async function* exactly(
  name: string,
  size: number,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = size
  for await (const chunk of bytes) {
    if (left === 0) break
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= part.length
    yield part
  }
  if (left > 0) throw new Error(`"${name}" became shorter while it was read`)
}
