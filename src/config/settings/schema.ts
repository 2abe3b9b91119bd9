import { adminSettings } from './admin.ts'
import { controlSettings } from './control.ts'
import { hubSettings } from './hub.ts'
import { hubsSettings } from './hubs.ts'
import { identitySettings } from './identity.ts'
import { leafnodesSettings } from './leafnodes.ts'
import { logSettings } from './log.ts'
import { metricsSettings } from './metrics.ts'
import { monitoringSettings } from './monitoring.ts'
import { natsSettings } from './nats.ts'
import { oldHubSettings } from './old-hub.ts'
import { processSettings } from './process.ts'
import { pushSettings } from './push.ts'
import { relaySettings } from './relay.ts'
import type { Setting } from './setting.ts'
import { vaultSettings } from './vault.ts'
import { webSettings } from './web.ts'
import { websocketSettings } from './websocket.ts'

/** Everything that can be set, grouped as the options are. The only place that knows all settings. */
export const schema = {
  nats: natsSettings,
  monitoring: monitoringSettings,
  log: logSettings,
  process: processSettings,
  websocket: websocketSettings,
  leafnodes: leafnodesSettings,
  web: webSettings,
  vault: vaultSettings,
  hub: hubSettings,
  apps: hubsSettings,
  identity: identitySettings,
  relay: relaySettings,
  push: pushSettings,
  metrics: metricsSettings,
  oldHub: oldHubSettings,
  admin: adminSettings,
  control: controlSettings,
}

export type Schema = typeof schema

/** A setting whose type is of no interest. The parameter stands on both sides of functions, so only `any` fits all. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnySetting = Setting<any, any>

/** All settings with their path as an option: `nats.maxPayloadBytes`. */
export const allSettings: readonly { readonly option: string; readonly setting: AnySetting }[] = Object.entries(
  schema,
).flatMap(([group, settings]) =>
  Object.entries(settings).map(([name, setting]) => ({ option: `${group}.${name}`, setting })),
)
