import { addressOrOff, type HostAndPort } from '../types/address.ts'
import { bearerToken } from '../types/bearer-token.ts'
import { optional } from './setting.ts'

/** 9100 and those after it are taken by Prometheus' own exporters; this one is in nobody's list. */
const PRESET: HostAndPort = { host: '127.0.0.1', port: 9464 }

export const metricsSettings = {
  listen: optional<HostAndPort | false>({
    key: 'metrics.listen',
    variable: 'BELFRY_METRICS_LISTEN',
    type: addressOrOff(PRESET),
    defaultText: '`false`',
    help:
      'A listener that has nothing but `/metrics`, in the text format of Prometheus. A port alone is one of this machine: ' +
      '`9464` is `127.0.0.1:9464`; so is `true`.',
  }),
  token: optional({
    key: 'metrics.token',
    variable: 'BELFRY_METRICS_TOKEN',
    type: { ...bearerToken, isSecret: true },
    defaultText: 'none',
    help:
      'Whoever asks for metrics has to show it as `Authorization: Bearer`. With it the web listener serves `/metrics`, ' +
      'too; without it only the listener of `metrics.listen` does.',
  }),
}
