/**
 * All that the doctor finds, with what it means and what takes it away. The keys stand in reports; the table in
 * docs/troubleshooting.md is made of this: `node test/doctor/document.ts`.
 */
export const FAULTS = {
  'name-not-found': {
    means: 'The name in the URL has no address.',
    mend: 'Check the URL; enter the name in DNS.',
  },
  unreachable: {
    means: 'Nothing takes connections at the address and port, or a firewall drops them.',
    mend: 'Start the proxy or the server; open the port; forward it in the router.',
  },
  'address-unreachable': {
    means: 'One of the addresses of the name takes no connections; clients that try it first wait or fail.',
    mend: 'Have the proxy listen on IPv6 as well, or take the address out of DNS.',
  },
  'tls-failed': {
    means: 'There is no TLS at the port, or none that both sides speak.',
    mend: 'Check the port; give the proxy a certificate for the name.',
  },
  'certificate-expired': {
    means: 'The certificate, or one that signed it, is not valid any more.',
    mend: 'Renew it, and have the proxy read it again.',
  },
  'certificate-not-yet-valid': {
    means: 'The certificate is not valid yet, or the clock here is wrong.',
    mend: 'Check the clocks.',
  },
  'certificate-expires-soon': {
    means: 'The certificate is valid for less than 14 days. A warning.',
    mend: 'See that what renews it runs.',
  },
  'certificate-wrong-name': {
    means: 'The certificate is for other names than the one in the URL.',
    mend: 'Get one for this name; see that the proxy has it for this name.',
  },
  'certificate-incomplete': {
    means: 'The certificates between the server and its authority are not sent: browsers may know them, apps do not.',
    mend: 'Give the proxy the whole chain (`fullchain.pem`).',
  },
  'certificate-self-signed': {
    means: 'The certificate is signed by itself: no client trusts it.',
    mend: 'Get one from an authority, or tell every client to trust it: `--ca FILE`, `NODE_EXTRA_CA_CERTS`.',
  },
  'certificate-unknown-authority': {
    means: "The certificate is signed by an authority that is not known here, such as Belfry's own local one.",
    mend: 'As before; the local authority is `tls/ca.pem` in the data folder.',
  },
  'not-http': {
    means: 'What answers does not speak HTTP, or ends the connection without an answer.',
    mend: 'Check the port and whether it is `http://` or `https://`.',
  },
  'not-https': {
    means: 'The official apps refuse addresses that do not begin with `https://`. A warning.',
    mend: 'Put a proxy with TLS in front, or set `ROCKET_TLS`.',
  },
  redirected: {
    means: 'The address only leads to another one. A warning.',
    mend: 'Type the other one into the apps.',
  },
  'redirect-loop': {
    means: 'The address leads to itself: the app follows, and never arrives.',
    mend: 'Redirect only what came by `http://`. Behind Cloudflare, SSL/TLS is *Full (strict)*, not *Flexible*.',
  },
  'bad-gateway': {
    means: 'The proxy answers, but the server behind it does not.',
    mend: "Start the server; check address and port in the proxy's configuration.",
  },
  'server-error': {
    means: 'The server itself is in trouble, such as without its database.',
    mend: "Read the server's log.",
  },
  'proxy-login': {
    means: 'What stands in front asks for a login of its own, which no app can give, or refuses the request.',
    mend: 'Take it away, at least for the paths of the server.',
  },
  'something-else': {
    means: 'Something else than a Bitwarden server answers.',
    mend: 'Check the URL and its path; check where the proxy sends it.',
  },
  'wrong-path': {
    means: 'Requests arrive under another path than they were sent to, or `DOMAIN` has another path.',
    mend: 'The proxy must not change the path; `DOMAIN` ends with the path of the URL.',
  },
  'hub-elsewhere': {
    means: 'The path of the notification hub is sent somewhere else than the rest, as by old rules for port 3012.',
    mend: 'Take the rule away: everything goes to the web port.',
  },
  'hub-off': {
    means: 'The notification hub is switched off (or, in other servers, not reached by an upgrade).',
    mend: '`ENABLE_WEBSOCKET=true`',
  },
  'no-upgrade': {
    means: 'The header `Upgrade` does not arrive: the proxy drops it.',
    mend: 'The proxy passes it on.',
  },
  'no-connection': {
    means: 'The header `Connection` does not arrive with the word `upgrade`.',
    mend: 'The proxy passes it on.',
  },
  'http-1.0': {
    means: 'Requests arrive by HTTP/1.0, which has no upgrades.',
    mend: 'The proxy speaks HTTP/1.1 to the server.',
  },
  'websocket-headers-lost': {
    means: 'The headers `Sec-WebSocket-Key` and `-Version` do not arrive.',
    mend: 'The proxy passes them on.',
  },
  'no-101': {
    means: 'The server is asked for an upgrade, but its answer 101 does not come back.',
    mend: 'The proxy passes upgrades on, and answers none itself.',
  },
  'wrong-accept': {
    means: 'The answer 101 is not one to our request.',
    mend: 'The proxy must not answer from a cache, nor change `Sec-WebSocket-Accept`.',
  },
  'silent-websocket': {
    means: 'The WebSocket is open, but messages do not get through.',
    mend: 'Look for what inspects or keeps traffic: a WAF, a virus scanner, a filter of the proxy.',
  },
  'wrong-host': {
    means: 'The header `Host` arrives with another name than that of the URL.',
    mend: 'The proxy passes it on.',
  },
  'wrong-scheme': {
    means: 'The server does not know that it is reached by `https://`.',
    mend: 'The proxy sets `X-Forwarded-Proto`, or `DOMAIN` is set.',
  },
  'wrong-domain': {
    means: '`DOMAIN` is another address than the one that was asked. A warning.',
    mend: '`DOMAIN` is what is typed into the apps.',
  },
  'origin-refused': {
    means: "Browsers are refused for the page that they come from, which is the server's own.",
    mend: 'Set `DOMAIN`; look at `hub.same_origin` and `hub.allowed_origins`.',
  },
  'client-address-hidden': {
    means: 'The server takes the proxy for the client: limits by address hit everybody at once.',
    mend: 'The proxy sets `X-Real-IP`; `IP_HEADER` and `IP_HEADER_TRUSTED_PROXIES` fit to it.',
  },
  'client-address-forged': {
    means: 'Clients can say themselves which address they come from, and so get around limits.',
    mend: 'The proxy sets the header, and passes on none of its clients.',
  },
  'too-many-connections': {
    means: 'The server, or a proxy, refuses connections because there are too many of one address.',
    mend: 'See that it is not the address of the proxy; raise the limit (`limit_conn` of nginx).',
  },
  'wrong-issuer': {
    means: 'An access token is refused: `DOMAIN` is not what it was issued for, it has ended, or the clocks differ.',
    mend: '`DOMAIN` is what is typed into the apps; check the clocks.',
  },
  'login-failed': {
    means: 'The login with the given account was refused.',
    mend: 'Check the password; with two-step login add `--code`.',
  },
  'no-handshake': {
    means: 'The WebSocket is open, but no hub answers the SignalR handshake.',
    mend: 'See where the proxy sends the path.',
  },
  'hub-silent': {
    means: 'The hub does not answer after the handshake, or sends no pings.',
    mend: 'As `silent-websocket`.',
  },
  'no-nats': {
    means: 'There is no NATS where it was said to be.',
    mend: 'Check the address, `websocket {}` and `web.nats`.',
  },
  buffering: {
    means: 'Answers that come bit by bit arrive all at once: clients without WebSockets hear late.',
    mend: 'The proxy does not keep answers back.',
  },
  'idle-timeout': {
    means: 'Connections on which nothing is said for a while are cut.',
    mend: 'The limit is longer than 15 s for the hub, than 2 minutes for NATS; better an hour.',
  },
  clock: {
    means: 'The clock of the server and the one here differ by more than 30 s. A warning.',
    mend: 'Set the clocks by NTP.',
  },
} as const satisfies Record<string, { readonly means: string; readonly mend: string }>

export type FaultId = keyof typeof FAULTS
