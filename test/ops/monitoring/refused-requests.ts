/** Requests that get a 400, with the exact text of every nats-server: request, text. */
export const REFUSED_REQUESTS = [
  ['/connz?auth=maybe', `Error decoding boolean for 'auth': strconv.ParseBool: parsing "maybe": invalid syntax`],
  ['/connz?subs=foo', `Error decoding boolean for 'subs': strconv.ParseBool: parsing "foo": invalid syntax`],
  ['/connz?offset=x', `Error decoding int for 'offset': strconv.Atoi: parsing "x": invalid syntax`],
  ['/connz?limit=0x10', `Error decoding int for 'limit': strconv.Atoi: parsing "0x10": invalid syntax`],
  ['/connz?limit=1_0', `Error decoding int for 'limit': strconv.Atoi: parsing "1_0": invalid syntax`],
  ['/connz?limit=+5', `Error decoding int for 'limit': strconv.Atoi: parsing " 5": invalid syntax`],
  [
    '/connz?limit=9223372036854775808',
    `Error decoding int for 'limit': strconv.Atoi: parsing "9223372036854775808": value out of range`,
  ],
  ['/connz?cid=-1', `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "-1": invalid syntax`],
  [
    '/connz?cid=18446744073709551616',
    `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "18446744073709551616": value out of range`,
  ],
  ['/connz?state=Half', 'Error decoding state for Half'],
  ['/connz?sort=foo', 'invalid sorting option: foo'],
  ['/connz?sort=toString', 'invalid sorting option: toString'],
  ['/connz?sort=stop', 'sort by stop only valid on closed connections'],
  ['/connz?sort=reason&state=any', 'sort by reason only valid on closed connections'],
  // Two mistakes: the one that is looked at first.
  [
    '/connz?sort=foo&auth=maybe',
    `Error decoding boolean for 'auth': strconv.ParseBool: parsing "maybe": invalid syntax`,
  ],
  ['/subsz?subs=detail', `Error decoding boolean for 'subs': strconv.ParseBool: parsing "detail": invalid syntax`],
  ['/subsz?limit=x', `Error decoding int for 'limit': strconv.Atoi: parsing "x": invalid syntax`],
  ['/subsz?test=a.*', 'invalid test subject, must be valid publish subject: a.*'],
  ['/subsz?test=a..b', 'invalid test subject, must be valid publish subject: a..b'],
  ['/accountz?acc=nope', 'Account nope does not exist'],
  ['/accstatz?unused=x', `Error decoding boolean for 'unused': strconv.ParseBool: parsing "x": invalid syntax`],
  ['/leafz?subs=x', `Error decoding boolean for 'subs': strconv.ParseBool: parsing "x": invalid syntax`],
  ['/routez?subs=x', `Error decoding boolean for 'subs': strconv.ParseBool: parsing "x": invalid syntax`],
  ['/gatewayz?accs=x', `Error decoding boolean for 'accs': strconv.ParseBool: parsing "x": invalid syntax`],
  ['/jsz?streams=x', `Error decoding boolean for 'streams': strconv.ParseBool: parsing "x": invalid syntax`],
  ['/jsz?leader-only=1', 'filtered response: not leader'],
  [
    '/healthz?js-enabled-only=x',
    `Error decoding boolean for 'js-enabled-only': strconv.ParseBool: parsing "x": invalid syntax`,
  ],
] as const
