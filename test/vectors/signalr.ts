import { type HubMessage, HubMessageType, ResultKind } from '#wire/signalr'

/**
 * What a real `@microsoft/signalr-protocol-msgpack` 10.0.11 wrote and read back. spec: hub §10
 * Ids are one digit repeated in the pattern of a UUID; the date is 2024-01-02T03:04:05.678Z.
 */
const id = (digit: string) => '########-####-4###-8###-############'.replaceAll('#', digit)
export const USER = id('1')
export const CIPHER = id('2')
export const FOLDER = id('3')
export const DEVICE = id('4')
export const AUTH_REQUEST = id('5')
export const ORGANIZATION = id('6')
export const COLLECTION = id('7')
export const AT = '2024-01-02T03:04:05.678Z'

/** A notification (dates as RFC 3339 text under the keys that hold dates) and the frame that carries it. */
export interface NotificationVector {
  readonly name: string
  readonly target: string
  readonly argument: { readonly [key: string]: unknown }
  readonly hex: string
}

const RECEIVE_MESSAGE = 'ReceiveMessage'

export const notifications: readonly NotificationVector[] = [
  {
    name: 'creation of a personal item',
    target: RECEIVE_MESSAGE,
    argument: {
      ContextId: DEVICE,
      Type: 1,
      Payload: { Id: CIPHER, UserId: USER, OrganizationId: null, CollectionIds: null, RevisionDate: AT },
    },
    hex: 'e001950180c0ae526563656976654d6573736167659183a9436f6e746578744964d92434343434343434342d343434342d343434342d383434342d343434343434343434343434a45479706501a75061796c6f616485a24964d92432323232323232322d323232322d343232322d383232322d323232323232323232323232a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131ae4f7267616e697a6174696f6e4964c0ad436f6c6c656374696f6e496473c0ac5265766973696f6e44617465d7ffa1a5d60065937d25',
  },
  {
    name: "update of an organization's item",
    target: RECEIVE_MESSAGE,
    argument: {
      ContextId: DEVICE,
      Type: 0,
      Payload: {
        Id: CIPHER,
        UserId: null,
        OrganizationId: ORGANIZATION,
        CollectionIds: [COLLECTION],
        RevisionDate: AT,
      },
    },
    hex: '8602950180c0ae526563656976654d6573736167659183a9436f6e746578744964d92434343434343434342d343434342d343434342d383434342d343434343434343434343434a45479706500a75061796c6f616485a24964d92432323232323232322d323232322d343232322d383232322d323232323232323232323232a6557365724964c0ae4f7267616e697a6174696f6e4964d92436363636363636362d363636362d343636362d383636362d363636363636363636363636ad436f6c6c656374696f6e49647391d92437373737373737372d373737372d343737372d383737372d373737373737373737373737ac5265766973696f6e44617465d7ffa1a5d60065937d25',
  },
  {
    name: 'update of a folder',
    target: RECEIVE_MESSAGE,
    argument: { ContextId: DEVICE, Type: 8, Payload: { Id: FOLDER, UserId: USER, RevisionDate: AT } },
    hex: 'c101950180c0ae526563656976654d6573736167659183a9436f6e746578744964d92434343434343434342d343434342d343434342d383434342d343434343434343434343434a45479706508a75061796c6f616483a24964d92433333333333333332d333333332d343333332d383333332d333333333333333333333333a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131ac5265766973696f6e44617465d7ffa1a5d60065937d25',
  },
  {
    name: 'logout',
    target: RECEIVE_MESSAGE,
    argument: { ContextId: null, Type: 11, Payload: { UserId: USER, Date: AT } },
    hex: '6b950180c0ae526563656976654d6573736167659183a9436f6e746578744964c0a4547970650ba75061796c6f616482a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131a444617465d7ffa1a5d60065937d25',
  },
  {
    name: 'logout with a reason, official order of keys',
    target: RECEIVE_MESSAGE,
    argument: { Type: 11, Payload: { UserId: USER, Reason: 0 }, ContextId: null },
    hex: '64950180c0ae526563656976654d6573736167659183a4547970650ba75061796c6f616482a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131a6526561736f6e00a9436f6e746578744964c0',
  },
  {
    name: 'request of a new device',
    target: RECEIVE_MESSAGE,
    argument: { ContextId: DEVICE, Type: 15, Payload: { Id: AUTH_REQUEST, UserId: USER } },
    hex: 'aa01950180c0ae526563656976654d6573736167659183a9436f6e746578744964d92434343434343434342d343434342d343434342d383434342d343434343434343434343434a4547970650fa75061796c6f616482a24964d92435353535353535352d353535352d343535352d383535352d353535353535353535353535a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131',
  },
  {
    name: 'answer to a device that is not logged in',
    target: 'AuthRequestResponseRecieved',
    argument: { Type: 16, Payload: { Id: AUTH_REQUEST, UserId: USER }, UserId: USER },
    hex: 'b401950180c0bb4175746852657175657374526573706f6e736552656369657665649183a45479706510a75061796c6f616482a24964d92435353535353535352d353535352d343535352d383535352d353535353535353535353535a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131',
  },
  {
    name: 'creation of a send',
    target: RECEIVE_MESSAGE,
    argument: { ContextId: null, Type: 12, Payload: { Id: CIPHER, UserId: USER, RevisionDate: AT } },
    hex: '9c01950180c0ae526563656976654d6573736167659183a9436f6e746578744964c0a4547970650ca75061796c6f616483a24964d92432323232323232322d323232322d343232322d383232322d323232323232323232323232a6557365724964d92431313131313131312d313131312d343131312d383131312d313131313131313131313131ac5265766973696f6e44617465d7ffa1a5d60065937d25',
  },
]

/** Moments and the MessagePack they are written as. */
export const dates: readonly [text: string, hex: string][] = [
  ['2024-01-02T03:04:05.678Z', 'd7ffa1a5d60065937d25'],
  ['2024-01-02T03:04:05.000Z', 'd7ff0000000065937d25'],
  ['2024-01-02T03:04:05Z', 'd7ff0000000065937d25'],
  ['2024-01-02T04:04:05.678901+01:00', 'd7ffa1dcd42065937d25'],
  ['1969-12-31T23:59:59.500Z', 'c70cff1dcd6500ffffffffffffffff'],
]

/** Lengths and their prefixes. */
export const prefixes: readonly [bodyBytes: number, hex: string][] = [
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [129, '8101'],
  [16383, 'ff7f'],
  [16384, '808001'],
  [2097151, 'ffff7f'],
  [2097152, '80808001'],
  [0x7fffffff, 'ffffffff07'],
]

/** A message, the frame that carries it in MessagePack, and its JSON without the separator. */
export interface MessageVector {
  readonly name: string
  readonly message: HubMessage
  readonly hex: string
  readonly json: string
}

/** Every type of message, as it is written; each is read back as the same. */
export const messages: readonly MessageVector[] = [
  {
    name: 'an invocation without arguments',
    message: { type: HubMessageType.Invocation, invocationId: null, target: 'Heartbeat', arguments: [] },
    hex: '0f950180c0a948656172746265617490',
    json: '{"type":1,"target":"Heartbeat","arguments":[]}',
  },
  {
    name: 'an invocation that wants an answer',
    message: { type: HubMessageType.Invocation, invocationId: '1', target: 'X', arguments: [42, null, 'ä\x1e'] },
    hex: '0e950180a131a158932ac0a3c3a41e',
    json: '{"type":1,"invocationId":"1","target":"X","arguments":[42,null,"ä\\u001e"]}',
  },
  {
    name: 'an item of a stream',
    message: { type: HubMessageType.StreamItem, invocationId: '1', item: 42 },
    hex: '06940280a1312a',
    json: '{"type":2,"invocationId":"1","item":42}',
  },
  {
    name: 'an item of a stream that is null',
    message: { type: HubMessageType.StreamItem, invocationId: '1', item: null },
    hex: '06940280a131c0',
    json: '{"type":2,"invocationId":"1","item":null}',
  },
  {
    name: 'a completion with an error',
    message: {
      type: HubMessageType.Completion,
      invocationId: '1',
      outcome: { kind: ResultKind.Error, error: "Unknown hub method 'X'" },
    },
    hex: '1d950380a13101b6556e6b6e6f776e20687562206d6574686f6420275827',
    json: `{"type":3,"invocationId":"1","error":"Unknown hub method 'X'"}`,
  },
  {
    name: 'a void completion',
    message: { type: HubMessageType.Completion, invocationId: '1', outcome: { kind: ResultKind.Void } },
    hex: '06940380a13102',
    json: '{"type":3,"invocationId":"1"}',
  },
  {
    name: 'a completion with a value',
    message: { type: HubMessageType.Completion, invocationId: '1', outcome: { kind: ResultKind.Value, result: 42 } },
    hex: '07950380a131032a',
    json: '{"type":3,"invocationId":"1","result":42}',
  },
  {
    name: 'a completion with the value null',
    message: { type: HubMessageType.Completion, invocationId: '1', outcome: { kind: ResultKind.Value, result: null } },
    hex: '07950380a13103c0',
    json: '{"type":3,"invocationId":"1","result":null}',
  },
  {
    name: 'an invocation of a stream',
    message: { type: HubMessageType.StreamInvocation, invocationId: '1', target: 'X', arguments: [{ a: [true] }] },
    hex: '0d950480a131a1589181a16191c3',
    json: '{"type":4,"invocationId":"1","target":"X","arguments":[{"a":[true]}]}',
  },
  {
    name: 'a cancelled invocation',
    message: { type: HubMessageType.CancelInvocation, invocationId: '1' },
    hex: '05930580a131',
    json: '{"type":5,"invocationId":"1"}',
  },
  { name: 'a ping', message: { type: HubMessageType.Ping }, hex: '029106', json: '{"type":6}' },
  {
    name: 'a close',
    message: { type: HubMessageType.Close, error: null, allowReconnect: false },
    hex: '039207c0',
    json: '{"type":7}',
  },
  {
    name: 'a close that allows to reconnect',
    message: { type: HubMessageType.Close, error: null, allowReconnect: true },
    hex: '049307c0c3',
    json: '{"type":7,"allowReconnect":true}',
  },
  {
    name: 'a close with an error',
    message: { type: HubMessageType.Close, error: 'Connection closed with an error.', allowReconnect: false },
    hex: '249207d920436f6e6e656374696f6e20636c6f736564207769746820616e206572726f722e',
    json: '{"type":7,"error":"Connection closed with an error."}',
  },
  {
    name: 'an acknowledgement',
    message: { type: HubMessageType.Ack, sequenceId: 36 },
    hex: '03920824',
    json: '{"type":8,"sequenceId":36}',
  },
  {
    name: 'a sequence',
    message: { type: HubMessageType.Sequence, sequenceId: 19 },
    hex: '03920913',
    json: '{"type":9,"sequenceId":19}',
  },
]
