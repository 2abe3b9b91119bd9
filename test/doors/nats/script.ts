import assert from 'node:assert/strict'
import { type Differing, expectationOf, type RunningImplementation } from './implementations.ts'
import { type CarrierName, connectTo } from './raw-client.ts'

/** What one client says on a fresh connection and has to hear. `␍␊` stands for CRLF, `␊` for LF. */
export interface Script {
  readonly name: string
  readonly say: string
  /** All there is to hear, in order. */
  readonly hear: Differing<string>
  /** The server ends the connection, over WebSocket with this close frame. */
  readonly ends?: Differing<ScriptEnd | undefined>
}

export interface ScriptEnd {
  /** `undefined`: there is no close frame. */
  readonly code: number | undefined
  readonly reason: string
}

export async function runScript(script: Script, server: RunningImplementation, carrier: CarrierName): Promise<void> {
  using client = await connectTo(server, carrier)
  const hear = expectationOf(script.hear, server.name)
  const ends = expectationOf(script.ends, server.name)
  client.say(wire(script.say))
  if (ends !== undefined) {
    const ending = await client.ended()
    assert.equal(shown(await client.hear(Number.POSITIVE_INFINITY)), hear)
    if (carrier === 'WebSocket') assert.deepEqual(ending, ends)
    return
  }
  // Answers keep their order: what comes before the PONG is all there is.
  client.say('PING\r\n')
  const expected = `${hear}PONG␍␊`
  assert.equal(shown(await client.hear(wire(expected).length)), expected)
}

export function wire(text: string): string {
  return text.replaceAll('␍', '\r').replaceAll('␊', '\n')
}

export function shown(bytes: string): string {
  return bytes.replaceAll('\r', '␍').replaceAll('\n', '␊')
}
