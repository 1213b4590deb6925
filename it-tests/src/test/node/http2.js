// An HTTP/2 server of node's: http2.js [KEY CERTIFICATES]. With a key it speaks TLS, and HTTP/1.1 too, by ALPN; else HTTP/2
// with prior knowledge. Says "listening PORT", and answers until it is ended.
//
// /echo      what was asked, in JSON: version, method, path, headers, length of the body
// /bytes/N   so many bytes
// /trailers  a body, and a header behind it
// /hold/N    answers once N requests wait
// /reset     resets the stream in the middle of a body
// /refuse    refuses the stream the first time, then answers
// /goaway    answers, and says that the connection takes no more
// /early     answers before it has the body
// /hints     an informational response, then the other
'use strict';
const fs = require('fs');
const http2 = require('http2');

const waiting = [];
let refused = false;

function echo(request, response) {
    let length = 0;
    request.on('data', (part) => { length += part.length; });
    request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({
            version: request.httpVersion,
            method: request.method,
            path: request.url,
            headers: request.headers,
            length,
        }));
    });
}

function bytes(response, count) {
    const piece = Buffer.alloc(16 * 1024);
    let left = count;
    const more = () => {
        while (left > 0) {
            const part = piece.subarray(0, Math.min(left, piece.length));
            left -= part.length;
            if (!response.write(part)) {
                response.once('drain', more);
                return;
            }
        }
        response.end();
    };
    more();
}

function hold(response, count) {
    waiting.push(response);
    if (waiting.length === count) {
        waiting.splice(0).forEach((held) => held.end('all here'));
    }
}

function answer(request, response) {
    const [, page, number] = request.url.split('/');
    switch (page) {
    case 'bytes':
        return bytes(response, Number(number));
    case 'hold':
        return hold(response, Number(number));
    case 'trailers':
        response.setHeader('trailer', 'x-sum');
        response.write('body');
        response.addTrailers({'x-sum': '42'});
        return response.end();
    case 'reset':
        response.write('begun', () => request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
        return undefined;
    case 'refuse':
        if (!refused) {
            refused = true;
            return request.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
        }
        return response.end('at last');
    case 'goaway':
        response.end(String(request.stream.session.socket.remotePort));
        return request.stream.session.goaway();
    case 'early':
        response.statusCode = 403;
        return response.end('no need for that');
    case 'hints':
        request.stream.additionalHeaders({':status': 103, link: '</style.css>'});
        return response.end('after hints');
    default:
        return echo(request, response);
    }
}

const [key, certificates] = process.argv.slice(2);
const settings = {maxConcurrentStreams: 100};
const server = key
    ? http2.createSecureServer({
        key: fs.readFileSync(key), cert: fs.readFileSync(certificates), allowHTTP1: true, settings,
    }, answer)
    : http2.createServer({settings}, answer);
server.on('sessionError', () => {});
server.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
