/** A client that changes items, and says how long each answer took: one block of changes for each message. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Block {
  readonly server: string
  readonly accessToken: string
  /** Changed by turns. */
  readonly cipherIds: readonly string[]
  /** JSON. */
  readonly body: string
  readonly changes: number
  /** Between an answer and the next change. */
  readonly pauseMs: number
}

process.on('message', (block: Block) => {
  void run(block).then((tookMs) => process.send!(tookMs))
})

async function run({ server, accessToken, cipherIds, body, changes, pauseMs }: Block): Promise<number[]> {
  const headers = { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' }
  const tookMs: number[] = []
  for (let i = 0; i < changes; i++) {
    const startedMs = performance.now()
    const response = await fetch(`${server}/api/ciphers/${cipherIds[i % cipherIds.length]}`, {
      method: 'PUT',
      headers,
      body,
    })
    await response.arrayBuffer()
    tookMs.push(performance.now() - startedMs)
    if (response.status !== 200) throw new Error(`A change was answered ${response.status}`)
    await sleep(pauseMs)
  }
  return tookMs
}
