import { goTime } from './go-format.ts'
import type { JsonObject } from './json.ts'
import type { Query } from './query.ts'
import type { MonitoringSource, PushSnapshot } from './source.ts'

/** `/pushz`, which nats-server does not have: what became of pushes to phones and browsers since the start. */
export function pushz(source: MonitoringSource, _query: Query, nowMs: number): JsonObject {
  const { phones, browsers } = source.pushes?.() ?? {}
  return {
    server_id: source.server().id,
    now: goTime(nowMs),
    phones: phones === undefined ? null : counts(phones),
    browsers: browsers === undefined ? null : counts(browsers),
  }
}

function counts({ waiting, sent, retried, superseded, dropped, gone }: PushSnapshot): JsonObject {
  return { waiting, sent, retried, superseded, dropped, gone }
}
