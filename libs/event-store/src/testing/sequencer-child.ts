/** A sequencer in a process of its own, to be killed: node --conditions=dr-source sequencer-child.ts <url>. Prints the head after each batch. */
import { openDatabase } from '../database.ts';
import { Sequencer } from '../sequencer.ts';

const database = await openDatabase({ url: process.argv[2]!, applicationName: 'sequencer-child', poolMax: 2 });
new Sequencer({ database, batchMax: 100, pollMs: 20, onSealed: (head) => process.stdout.write(`${head}\n`) }).start();
