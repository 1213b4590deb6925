// A WebSocket peer on npm's ws: takes the same steps and prints the same lines as peer.py, in the folder python.
'use strict';

const crypto = require('crypto');
const { WebSocket, WebSocketServer } = require('ws');

const say = (...words) => console.log(words.join(' '));

function show(data, isBinary) {
    const kind = isBinary ? 'binary' : 'text';
    if (data.length > 100) {
        return `${kind} ${data.length} sha256=${crypto.createHash('sha256').update(data).digest('hex')}`;
    }
    return `${kind} ${data.toString(isBinary ? 'hex' : 'utf8')}`;
}

// Sends, and waits until it is with the operating system.
const send = (socket, data, options) =>
    new Promise((done, fail) => socket.send(data, options, (e) => (e ? fail(e) : done())));

async function perform(step, socket, inbox) {
    const [name, ...rest] = decodeURIComponent(step).split('=');
    const value = rest.join('=');
    switch (name) {
        case 'send':
            return send(socket, value, {});
        case 'sendhex':
            return send(socket, Buffer.from(value, 'hex'), { binary: true });
        case 'sendsize':
            return send(socket, '0123456789'.repeat(value / 10) + 'x'.repeat(value % 10), {});
        case 'fragments': {
            for (const part of value.split('|')) {
                await send(socket, part, { fin: false });
                socket.ping();
            }
            return send(socket, '', { fin: true });
        }
        case 'recv':
            return say(show(...(await inbox.take())));
        case 'ping':
            return new Promise((done) => {
                socket.on('pong', (data) => data.toString() === value && done(say('pong', value)));
                socket.ping(value);
            });
        case 'close': {
            const [code, reason] = value.split(',');
            return socket.close(Number(code), reason);
        }
        case 'wait':
            return inbox.closed;
        case 'echo':
            for (;;) {
                const [data, isBinary] = await inbox.take();
                await send(socket, data, { binary: isBinary });
            }
        default:
            console.error(`no such step: ${step}`);
            process.exit(2);
    }
}

class Closed extends Error {}

// What has come and was not taken yet. `closed` is fulfilled when the connection is over.
class Inbox {
    constructor(socket) {
        this.messages = [];
        this.wake = () => {};
        socket.on('message', (...message) => {
            this.messages.push(message);
            this.wake();
        });
        this.closed = new Promise((done) =>
            socket.on('close', (code, reason) => {
                this.over = true;
                this.wake();
                done([code, reason]);
            }));
    }

    async take() {
        while (!this.messages.length) {
            if (this.over) {
                throw new Closed();
            }
            await new Promise((wake) => (this.wake = wake));
        }
        return this.messages.shift();
    }
}

async function converse(socket, steps, inbox) {
    say('open', socket.protocol);
    try {
        for (const step of steps) {
            await perform(step, socket, inbox);
        }
    } catch (e) {
        if (!(e instanceof Closed) && socket.readyState === WebSocket.OPEN) {
            throw e;
        }
    }
    say('closed', ...(await inbox.closed));
}

const [mode, ...args] = process.argv.slice(2);
if (mode === 'connect') {
    const [url, ...steps] = args;
    const socket = new WebSocket(url);
    const inbox = new Inbox(socket);
    let opened = false;
    socket.on('error', (e) => console.error(`error: ${e.message}`));
    socket.on('open', () => {
        opened = true;
        converse(socket, steps, inbox).then(() => process.exit(0));
    });
    inbox.closed.then(() => opened || process.exit(1));
} else {
    const subprotocol = args[0] === '--subprotocol' ? args.splice(0, 2)[1] : undefined;
    const server = new WebSocketServer({
        host: '127.0.0.1',
        port: 0,
        maxPayload: 1 << 20,
        handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    });
    server.on('listening', () => say('listening', server.address().port));
    server.on('connection', (socket) => {
        socket.on('error', (e) => console.error(`error: ${e.message}`));
        converse(socket, args, new Inbox(socket));
    });
}
process.stdin.on('end', () => process.exit(3)).resume();
