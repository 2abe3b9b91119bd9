import Type from 'typebox'
import { BYTES, type Contracts, EMPTY } from './contract.ts'
import { Closed, DateTime, EncString, Id, List, Nullable, Text } from './shapes.ts'

const FileId = Type.String({ pattern: '^[0-9a-f]{64}$' })

const TextPart = Closed({ text: Nullable(EncString), hidden: Type.Boolean() })

const FilePart = Closed({
  id: FileId,
  fileName: EncString,
  /** Bytes, as text. */
  size: Type.String({ pattern: '^\\d+$' }),
  sizeName: Text,
})

const Kind = Type.Union([Type.Literal(0), Type.Literal(1)])

export const Send = Closed({
  id: Id,
  accessId: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
  type: Kind,
  name: EncString,
  notes: Nullable(EncString),
  text: Nullable(TextPart),
  file: Nullable(FilePart),
  key: EncString,
  maxAccessCount: Nullable(Type.Integer({ minimum: 1 })),
  accessCount: Type.Integer({ minimum: 0 }),
  password: Nullable(Text),
  authType: Type.Union([Type.Literal(1), Type.Literal(2)]),
  disabled: Type.Boolean(),
  hideEmail: Type.Boolean(),
  revisionDate: DateTime,
  expirationDate: Nullable(DateTime),
  deletionDate: DateTime,
  object: Type.Literal('send'),
})

const Access = Closed({
  id: Id,
  type: Kind,
  name: EncString,
  text: Nullable(TextPart),
  file: Nullable(FilePart),
  expirationDate: Nullable(DateTime),
  creatorIdentifier: Nullable(Text),
  object: Type.Literal('send-access'),
})

const Upload = Closed({
  fileUploadType: Type.Literal(0),
  object: Type.Literal('send-fileUpload'),
  url: Type.String({ pattern: '^/sends/[0-9a-f-]{36}/file/[0-9a-f]{64}$' }),
  sendResponse: Send,
})

const Download = Closed({ object: Type.Literal('send-fileDownload'), id: FileId, url: Text })

export const sendContracts: Contracts = {
  'GET /api/sends': { 200: List(Send) },
  'POST /api/sends': { 200: Send },
  'GET /api/sends/:id': { 200: Send },
  'PUT /api/sends/:id': { 200: Send },
  'PUT /api/sends/:id/remove-password': { 200: Send },
  'DELETE /api/sends/:id': { 200: EMPTY },
  'POST /api/sends/file/v2': { 200: Upload },
  'POST /api/sends/:id/file/:fileId': { 200: EMPTY },
  'POST /api/sends/file': { 200: Send },
  'POST /api/sends/access': { 200: Access },
  'POST /api/sends/access/:accessId': { 200: Access },
  'POST /api/sends/access/file/:fileId': { 200: Download },
  'POST /api/sends/:id/access/file/:fileId': { 200: Download },
  'GET /api/sends/:id/:fileId': { 200: BYTES },
}
