import type { FastifyReply } from 'fastify'
import { inTurns } from './in-turns.ts'

/** What a stored text holds as JSON; undefined when that is none. */
export function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

/** `items` as a JSON list, made in lots: of a large vault it takes time that others need too. */
export async function jsonList<Item>(items: readonly Item[], answer: (item: Item) => unknown): Promise<string> {
  const lots: string[] = []
  for await (const lot of inTurns(items)) lots.push(lot.map((item) => JSON.stringify(answer(item))).join(','))
  return `[${lots.join(',')}]`
}

/** Answers with the members of `body`, and behind them with one that is JSON text already. */
export function sendWithList(reply: FastifyReply, body: object, member: { name: string; text: string }): FastifyReply {
  const text = `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(member.name)}:${member.text}}`
  // Bytes, so that the text need not stay until they are sent.
  return reply.type('application/json; charset=utf-8').send(Buffer.from(text))
}
