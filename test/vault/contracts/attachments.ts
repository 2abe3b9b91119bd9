import Type from 'typebox'
import { BYTES, type Contracts, EMPTY } from './contract.ts'
import { Attachment, Cipher, Closed, Text } from './shapes.ts'

const ANNOUNCED = {
  object: Type.Literal('attachment-fileUpload'),
  attachmentId: Text,
  url: Text,
  fileUploadType: Type.Literal(0),
}

const Removed = Closed({ cipher: Cipher })

export const attachmentContracts: Contracts = {
  'POST /api/ciphers/:id/attachment/v2': {
    200: Type.Union([
      Closed({ ...ANNOUNCED, cipherResponse: Cipher }),
      Closed({ ...ANNOUNCED, cipherMiniResponse: Cipher }),
    ]),
  },
  'POST /api/ciphers/:id/attachment/:attachmentId': { 200: EMPTY },
  'POST /api/ciphers/:id/attachment': { 200: Cipher },
  'GET /api/ciphers/:id/attachment/:attachmentId': { 200: Attachment },
  'GET /api/ciphers/:id/attachment/:attachmentId/renew': {
    200: Closed({ ...ANNOUNCED, cipherResponse: Type.Null(), cipherMiniResponse: Type.Null() }),
  },
  'DELETE /api/ciphers/:id/attachment/:attachmentId': { 200: Removed },
  'POST /api/ciphers/:id/attachment/:attachmentId/delete': { 200: Removed },
  'GET /attachments/:id/:attachmentId': { 200: BYTES },
}
