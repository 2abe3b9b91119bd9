import { booleanIn, type ConfigValue, goType, InvalidValue, integerIn, stringIn } from '../language/index.ts'

/**
 * What nats-server can be told and Belfry cannot: by the path of the block, the names of the keys with a check of the
 * value's type, in nats-server's words. What is inside the values is not looked at.
 */
export type ForeignKeys = Readonly<Record<string, Readonly<Record<string, (value: ConfigValue) => unknown>>>>

type Kind = ConfigValue['kind']

/** `complaint` goes on with Go's name of the type. */
function oneOf(kinds: readonly Kind[], complaint: string) {
  return (value: ConfigValue): void => {
    if (!kinds.includes(value.kind)) throw new InvalidValue(complaint + goType(value))
  }
}

const any = () => {}
const ocsp = oneOf(['boolean', 'map'], 'error parsing ocsp config: unsupported type ')

/** Has no effect here, and keeps nobody out: tolerated with a word about it. */
export const WITHOUT_EFFECT: ForeignKeys = {
  '': {
    cluster: oneOf(['map'], 'Expected map to define cluster, got '),
    gateway: oneOf(['map'], 'Expected gateway to be a map, got '),
    mqtt: oneOf(['map'], 'Expected mqtt to be a map, got '),
    jetstream: oneOf(['map', 'boolean', 'string'], 'Expected map, bool or string to define JetStream, got '),
    store_dir: stringIn,
    storedir: stringIn,
    default_js_domain: oneOf(['map'], 'error default_js_domain config: unsupported type '),
    server_metadata: oneOf(['map'], 'error parsing metadata: unsupported type '),
    feature_flags: oneOf(['map'], 'error parsing feature flags: unsupported type '),
    proxies: oneOf(['map'], 'expected proxies to be a map/struct, got '),
    ocsp,
    ocsp_cache: any,
    prof_port: integerIn,
    prof_block_rate: integerIn,
    connect_error_reports: integerIn,
    reconnect_error_reports: integerIn,
    disable_sublist_cache: booleanIn,
    no_sublist_cache: booleanIn,
    no_system_account: booleanIn,
    no_system: booleanIn,
    no_sys_acc: booleanIn,
    syslog: booleanIn,
    remote_syslog: stringIn,
  },
}

/** Decides who may come in, or where messages go: without it the server would be another one than was asked for. */
export const REFUSED: ForeignKeys = {
  authorization: { proxy_required: booleanIn },
  'leafnodes.authorization': { proxy_required: booleanIn },
}
