/**
 * What nats-server can be told and Belfry cannot, by the path of the block and the names of the keys. Where nats-server
 * wants a plain value, its type is given, so that a wrong one is found.
 */
type Keys = Readonly<Record<string, 'string' | 'bool' | 'int64' | 'any'>>

/** Has no effect here, and keeps nobody out: tolerated with a word about it. */
export const WITHOUT_EFFECT: Readonly<Record<string, Keys>> = {
  '': {
    cluster: 'any',
    gateway: 'any',
    leafnodes: 'any',
    leaf: 'any',
    mqtt: 'any',
    jetstream: 'any',
    store_dir: 'string',
    storedir: 'string',
    default_js_domain: 'any',
    server_tags: 'any',
    server_metadata: 'any',
    feature_flags: 'any',
    proxies: 'any',
    ocsp: 'any',
    ocsp_cache: 'any',
    prof_port: 'int64',
    prof_block_rate: 'int64',
    connect_error_reports: 'int64',
    reconnect_error_reports: 'int64',
    max_traced_msg_len: 'int64',
    disable_sublist_cache: 'bool',
    no_sublist_cache: 'bool',
    no_system_account: 'bool',
    no_system: 'bool',
    no_sys_acc: 'bool',
    resolver_tls: 'any',
    resolver_preload: 'any',
    resolver_pinned_accounts: 'any',
    syslog: 'bool',
    remote_syslog: 'string',
  },
}

/** Decides who may come in, or where messages go: without it the server would be another one than was asked for. */
export const REFUSED: Readonly<Record<string, Keys>> = {
  '': {
    accounts: 'any',
    mappings: 'any',
    maps: 'any',
    operator: 'any',
    operators: 'any',
    root: 'any',
    roots: 'any',
    root_operator: 'any',
    root_operators: 'any',
    trusted: 'any',
    trusted_keys: 'any',
    resolver: 'any',
    account_resolver: 'any',
    accounts_resolver: 'any',
    default_sentinel: 'string',
    system_account: 'any',
    system: 'any',
  },
  authorization: {
    users: 'any',
    permissions: 'any',
    default_permission: 'any',
    default_permissions: 'any',
    auth_callout: 'any',
    auth_hook: 'any',
    proxy_required: 'bool',
  },
}
