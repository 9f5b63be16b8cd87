#!/usr/bin/env node
process.argv.splice(2, 0, 'src/main.ts');
import('../scripts/bootstrap.mjs');
