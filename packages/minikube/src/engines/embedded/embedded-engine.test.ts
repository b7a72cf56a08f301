import { engineContract } from '../engine.contract.test.ts'
import { EmbeddedEngine } from './embedded-engine.ts'

engineContract(new EmbeddedEngine())
