/** Of docs/configuration.md: what is too deep for its tables. */
export const USERS_AND_ACCOUNTS = `## Users, permissions and accounts

As in nats-server. An account is a world of its own: nobody in it sees subjects of another, unless one exports and the
other imports them. Whoever is in no account by name is in \`$G\`.

\`\`\`conf
accounts {
  ORDERS {
    users: [
      { user: shop, password: "$2a$11$V1qrpBVXrzH8kDmEeAYg2uGWRBoMCXJFfOQxcKsPzgWzQKGCYUOSy" }
      { nkey: UAC3BKOPI6JDA7SJHG7KZUYKGCXAKH3XONSWEN5FXOYU7JXI4EZY6QEC, permissions { subscribe: "orders.>" } }
    ]
    exports: [
      { stream: "orders.>" }
      { service: "stock.*", accounts: [WEB], response_type: single, threshold: "5s" }
    ]
    limits { max_connections: 100 }
  }
  WEB {
    users: [ { user: page, allowed_connection_types: [WEBSOCKET] } ]
    default_permissions {
      publish { allow: "stock.>", deny: "stock.secret" }
      subscribe: ["shop.orders.*", "_INBOX.>"]
    }
    imports: [
      { stream { account: ORDERS, subject: "orders.*" }, prefix: shop }
      { service { account: ORDERS, subject: "stock.*" } }
    ]
    mappings { "old.*": "stock.$1" }
  }
  SYS { users: [ { user: watch, password: "$2a$11$V1qrpBVXrzH8kDmEeAYg2uGWRBoMCXJFfOQxcKsPzgWzQKGCYUOSy" } ] }
}
system_account: SYS
no_auth_user: page
\`\`\`

### Users

In \`authorization { users: [ … ] }\`, who are in \`$G\`, and in \`users\` of an account. No name is there twice.

| Key | Value | Default | Meaning |
| --- | --- | --- | --- |
| \`user\`, \`username\` | text | | The name. With \`verify_and_map\` it may be what a certificate says. |
| \`password\`, \`pass\` | text | empty | As it is, or as a hash: bcrypt (\`$2a$…\`, also \`$2b$\`, \`$2x$\`, \`$2y$\`) or argon2 (\`$argon2id$…\`). Quote hashes. \`belfry admin\` makes them. |
| \`nkey\` | public nkey of a user | | Instead of name and password: who has the seed may come in. |
| \`permissions\`, \`permission\`, \`authorization\` | permissions | the default ones, else everything | |
| \`allowed_connection_types\`, \`connection_types\`, \`clients\` | one or a list of \`STANDARD\`, \`WEBSOCKET\`, \`LEAFNODE\`, \`LEAFNODE_WS\`, \`MQTT\`, \`MQTT_WS\`, \`IN_PROCESS\` | all | The doors by which the user may come. |

### Permissions

In \`permissions\` of a user, \`default_permissions\` of an account, and in \`authorization\`.

| Key | Value | Default | Meaning |
| --- | --- | --- | --- |
| \`publish\`, \`pub\`, \`import\` | subjects, or \`{ allow, deny }\` of subjects | everything | What may be published. \`deny\` goes before \`allow\`. |
| \`subscribe\`, \`sub\`, \`export\` | the same | everything | What may be subscribed to. \`"subject queue"\` is about members of these queue groups. |
| \`allow_responses\`, \`publish_allow_responses\` | \`true\`, or \`{ max, expires }\` | \`false\` | May answer what it was asked, and publish nothing else that is not in \`publish\`. \`max\` answers (1), for the time \`expires\` (\`"2m"\`); less than 0: no limit. |

An empty list is as good as none and allows everything; to allow nothing write \`deny: ">"\`.

### Accounts

\`accounts: [A, B]\` only names them; in \`accounts { A { … } }\` each may have

| Key | Value | Meaning |
| --- | --- | --- |
| \`users\`, \`default_permissions\` | see above | Who is in it, and what those may do who have no permissions of their own. |
| \`exports\` | list of \`{ stream }\` and \`{ service }\` | Subjects that others may import: messages of a stream come from here, requests to a service go here. \`accounts\`: only by these. \`account_token_position\`: the token, a \`*\`, that has to be the importer. Of services also: \`response_type\` (\`single\`, \`stream\`, \`chunked\`), \`threshold\` (time to answer), \`latency\` (\`{ subject, sampling }\`), \`allow_trace\`. |
| \`imports\` | list of \`{ stream { account, subject } }\` and \`{ service { account, subject } }\` | \`to\`: what it is called here, with \`$1\` for the first wildcard. Of streams also \`prefix\` and \`allow_trace\`, of services \`share\` (tells who asks). |
| \`mappings\`, \`maps\` | subject: subject, or list of \`{ destination, weight, cluster }\` | Where messages go instead. Functions: \`{{wildcard(1)}}\` or \`$1\`, \`{{partition(10,1)}}\`, \`{{split(1,-)}}\` and others. Weights are percent; what is missing to 100 stays. |
| \`limits\` | \`{ max_connections, max_subscriptions, max_payload, max_leafnodes }\` | Less than 0: no limit. |

\`jetstream\` and \`msg_trace\` are checked but have no effect, \`nkey\` as in nats-server neither.

Account \`VAULT\`, in which the vault tells of changes, is there by itself in a whole Belfry and cannot be defined.
Others may import its stream \`vault.user.>\`:

\`\`\`conf
accounts {
  AUDIT {
    users: [ { user: audit, password: "$2a$11$V1qrpBVXrzH8kDmEeAYg2uGWRBoMCXJFfOQxcKsPzgWzQKGCYUOSy" } ]
    imports: [ { stream { account: VAULT, subject: "vault.user.>" } } ]
  }
}
\`\`\`

A program gives the same as plain data, users beside the accounts that they are in:

\`\`\`ts
await startServer({
  nats: {
    accounts: [{ name: 'WEB', limits: { maxConnections: 100 } }],
    users: [{ user: 'page', password: 'secret', account: 'WEB', permissions: { publish: { deny: ['>'] } } }],
  },
})
\`\`\`

### Auth callout

\`authorization { auth_callout { … } }\` leaves it to a service of yours who may come in. It is a client of this server
that answers on \`$SYS.REQ.USER.AUTH\` with a JWT.

| Key | Value | Default | Meaning |
| --- | --- | --- | --- |
| \`issuer\` | public nkey of an account | | Who signs the answers. Needed. |
| \`auth_users\`, \`users\` | list of names and nkeys | | Users who come in without it: those of the service. Needed. |
| \`account\`, \`acc\` | name | \`$G\` | Where the service is. |
| \`xkey\`, \`key\` | public curve nkey | none | The key of the service, to which requests are sealed. |
| \`allowed_accounts\` | list of accounts | all | Where it may put users. |

### Operators

With \`operator\` (or \`trusted_keys\`) users and accounts are not configured but prove themselves by JWTs, which the tool
\`nsc\` makes. \`resolver\` says where the JWTs of accounts are:

| Resolver | Meaning |
| --- | --- |
| \`MEMORY\` | Only those of \`resolver_preload { <account>: <jwt> }\`. |
| \`URL("https://…/accounts/")\` | Each is fetched from there, the key of the account behind the URL. TLS: \`resolver_tls\`. |
| \`{ type: full, dir: "jwt", … }\` | All are in the folder \`dir\`, where tools may put others. \`allow_delete\`: may also delete, for good with \`hard_delete\`; \`limit\`: how many are kept; \`interval\` (\`"1m"\`): how often others are asked for news; \`timeout\` (\`"1.9s"\`): how long they may take. |
| \`{ type: cache, dir: "jwt", … }\` | Only those asked for lately are in the folder: \`limit\` (1000), for the time \`ttl\`. |

\`\`\`conf
operator: "operator.jwt"
resolver { type: full, dir: "jwt", limit: 1000, interval: "2m" }
\`\`\``
