import { RelayClient, type RelayClientTools } from '../../../src/push/mobile/relay-client.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type PushRelayOptions, startPushRelay } from '../../helpers/push-relay.ts'
import { type LoggedEvent, lineOf, recordingLogger } from '../../helpers/recording-logger.ts'

export const INSTALLATION = {
  installationId: '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63',
  installationKey: 'the-key-of-the-installation',
}

/** A relay, and a client that knows it; time passes only when the test says so. */
export async function startMobileWorld(
  changes: { relay?: Partial<PushRelayOptions>; client?: Partial<RelayClientTools>; relayUri?: string } = {},
) {
  const clock = new FakeClock()
  const relay = await startPushRelay({ ...INSTALLATION, now: () => clock.now(), ...changes.relay })
  const logged: LoggedEvent[] = []
  const logger = recordingLogger((line) => logged.push(line))
  const { relayUri = relay.relayUri } = changes
  const settings = { ...INSTALLATION, relayUri, identityUri: relay.identityUri }
  const client = new RelayClient(settings, { clock, logger, random: () => 0, ...changes.client })
  return {
    clock,
    relay,
    client,
    settings,
    logger,
    logged,
    /** How often a token was asked for. */
    tokenRequests: () => relay.requests.all.filter(({ path }) => path === '/connect/token').length,
    /** How often something else was asked for. */
    pushRequests: () => relay.requests.all.filter(({ path }) => path !== '/connect/token').length,
    /** All that was logged from that level on, as one text. */
    log: (...levels: LoggedEvent['level'][]) =>
      logged
        .filter(({ level }) => levels.length === 0 || levels.includes(level))
        .map(lineOf)
        .join('\n'),
    async [Symbol.asyncDispose]() {
      client.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}

export type MobileWorld = Awaited<ReturnType<typeof startMobileWorld>>
