/** Loaded before a program that knows nothing of it: tells the parent what memory the process holds. */
import { memory } from './memory.ts';
import { offerBeside } from './programs.ts';

offerBeside({ memory });
