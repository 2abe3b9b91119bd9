/** What remotes of leaf nodes look like, for docs/configuration.md. */
export const LEAF_REMOTES = `## Remotes of leaf nodes

Each of \`remotes\` in \`leafnodes\` is one link to another server, and binds one account here to one there. The keys of
nats-server, with its words for mistakes in them. A program names the options in the second column.

| Key | As an option | Value | Default | Meaning |
| --- | --- | --- | --- | --- |
| \`urls\`, \`url\` | \`urls\` | URL or list of URLs | needed | Servers that stand for each other. \`nats://\`, \`tls://\` (nothing without TLS), \`ws://\` and \`wss://\`, all of them WebSocket or none. The port is 7422 where none is given, whatever the scheme. \`user:password@\` logs in; a user alone is a token as well. The path of a WebSocket URL is what stands in front of \`/leafnode\` at the other server. |
| \`account\`, \`local\` | \`account\` | name | \`$G\` | The account here; with operators, its public key. |
| \`credentials\`, \`creds\` | \`credentialsFile\` | path | none | File with a user JWT and its seed. May begin with \`~\`, and in quotes hold \`$NAME\` of the environment. |
| \`nkey\`, \`seed\` | \`nkeySeed\` | seed | none | Seed of a user nkey, instead. |
| \`tls\` | \`tls\` | TLS block, see below | | For a server with a certificate of a private authority (\`ca_file\`), or that asks for one (\`cert_file\`, \`key_file\`). |
| \`hub\` | \`isHub\` | \`true\` or \`false\` | \`false\` | Whether this side is the hub, although it connects: it then tells of all subscriptions, and the other side of those of its own clients. |
| \`deny_imports\`, \`deny_import\` | \`denyImports\` | subject or list of subjects | none | Is not subscribed to there. |
| \`deny_exports\`, \`deny_export\` | \`denyExports\` | subject or list of subjects | none | Is not published there. |
| \`no_randomize\`, \`dont_randomize\` | \`randomizes\`, which is the opposite | \`true\` or \`false\` | \`false\` | Whether URLs are tried as they stand instead of in any order. |
| \`ws_compression\`, \`ws_compress\`, \`websocket_compression\`, \`websocket_compress\` | \`wsCompression\` | \`true\` or \`false\` | \`false\` | Whether compression is asked for. (RFC 7692) |
| \`ws_no_masking\`, \`websocket_no_masking\` | \`wsNoMasking\` | \`true\` or \`false\` | \`false\` | Whether the other side is asked to take frames unmasked. |
| \`first_info_timeout\` | \`firstInfoTimeoutMs\` | duration | \`"1s"\` | How long the other side may take to say who it is. |
| \`dial_timeout\` | \`dialTimeoutMs\` | duration | that of \`leafnodes\` | How long it may take to accept the connection. |
| \`proxy\` | \`proxy\` | \`{ url, username, password, timeout }\` | none | An HTTP proxy on the way, for WebSocket only. |
| \`ignore_discovered_servers\` | \`ignoresDiscoveredServers\` | \`true\` or \`false\` | \`false\` | Whether only \`urls\` are tried, and no servers of which the other side tells. |
| \`isolate\`, \`isolate_leafnode_interest\` | \`isolates\` | \`true\` or \`false\` | \`false\` | Whether the other side hears nothing of what other links subscribe to. |
| \`request_isolation\` | \`requestsIsolation\` | \`true\` or \`false\` | \`false\` | Whether it is asked to do the same. |
| \`disabled\` | \`isDisabled\` | \`true\` or \`false\` | \`false\` | Whether the link is not made. |
| \`compression\` | \`compression\` | as in \`leafnodes\` | none | No effect. |
| \`jetstream_cluster_migrate\`, \`js_cluster_migrate\` | | | | No effect. |

\`\`\`conf
accounts {
  APP { users: [ { user: app, password: "x7Kq…" } ] }
}
leafnodes {
  remotes: [
    { urls: [ "tls://n1.example.com", "tls://n2.example.com" ], account: APP, credentials: "/etc/belfry/app.creds" }
  ]
}
\`\`\``
