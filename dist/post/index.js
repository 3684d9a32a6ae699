// Not by an import: that enumerates all of `fs`, for a tenth of what an empty script takes.
const { writeSync } = process.getBuiltinModule?.('node:fs') ?? (await import('node:fs'));
// The runner hands back what main saved; where that is nothing, nothing is loaded.
if (Object.entries(process.env).some(([name, value]) => name.startsWith('STATE_') && value)) {
    const { runPost } = await import('../action/index.js');
    await runPost();
}
else {
    writeSync(1, 'Clean-up: nothing to do.\n');
}
export {};
