import assert from 'node:assert/strict'
import type { Json, TestDevice } from '../helpers/account.ts'
import { until } from '../helpers/wait.ts'
import type { ServedCli } from './devices.ts'

/**
 * The item as the CLI decrypts it, once it is the one that the server has: for a moment after a sync `bw serve` answers
 * from what it knew before, or does not know its items at all. `phone` is another device of the same account.
 */
export async function readByCli(cli: ServedCli, phone: TestDevice, id: string): Promise<Json> {
  await cli.call('POST', '/sync?force=true')
  const { status, json } = await phone.get(`/api/ciphers/${id}`)
  assert.equal(status, 200, JSON.stringify(json))
  const current = versionOf(json)
  return until(async () => {
    const item = await cli.call('GET', `/object/item/${id}`)
    return versionOf(item) === current && item
  }, 'what the server has of the item, in the CLI')
}

/** What changes with every change of an item, as the server and the CLI both write it. */
function versionOf(item: Json): string {
  const dates = [item.revisionDate, item.deletedDate, item.archivedDate].map((date) => date && Date.parse(date))
  const attachments = (item.attachments ?? []).map(({ id }: Json) => id)
  return JSON.stringify([...dates.map((date) => date ?? null), item.folderId ?? null, item.favorite, attachments])
}
