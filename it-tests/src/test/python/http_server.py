"""An HTTP server of aiohttp's: http_server.py. Says "listening PORT", and answers until it is ended.

/echo      what was asked, in JSON: method, path, query, headers, body
/parts     what a multipart form holds, in JSON: a list of [name, file name, content type, length]
/form      what a form holds, in JSON: a list of [name, value]
/lines     ten lines, each sent by itself, without a length
/deflate   text, compressed so
/cookies   sets two cookies; answers with those that came, in JSON
/slow      answers after a second
/hold      answers once N requests wait (the query's n)
/half      breaks off in the middle of a body
"""

import asyncio

from aiohttp import web

routes = web.RouteTableDef()
waiting = []


@routes.route("*", "/echo")
async def echo(request):
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "path": request.path,
            "query": list(request.query.items()),
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": body.decode(),
        }
    )


@routes.post("/parts")
async def parts(request):
    found = []
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        data = await part.read()
        found.append([part.name, part.filename, part.headers.get("Content-Type"), len(data)])
    return web.json_response(found)


@routes.post("/form")
async def form(request):
    return web.json_response([list(item) for item in (await request.post()).items()])


@routes.get("/lines")
async def lines(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for i in range(10):
        await response.write(f"line {i}\n".encode())
        await asyncio.sleep(0)
    await response.write_eof()
    return response


@routes.get("/deflate")
async def deflate(request):
    response = web.Response(text="compressed " * 1000)
    response.enable_compression(web.ContentCoding.deflate)
    return response


@routes.get("/cookies")
async def cookies(request):
    response = web.json_response(dict(request.cookies))
    response.set_cookie("session", "s 1")
    response.set_cookie("deep", "d", path="/deep")
    return response


@routes.get("/slow")
async def slow(request):
    await asyncio.sleep(1)
    return web.Response(text="slow")


@routes.get("/hold")
async def hold(request):
    mine = asyncio.get_running_loop().create_future()
    waiting.append(mine)
    if len(waiting) == int(request.query["n"]):
        for future in waiting:
            future.set_result(None)
        waiting.clear()
    await mine
    return web.Response(text="all here")


@routes.get("/half")
async def half(request):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"half")
    request.transport.abort()
    return response


async def main():
    app = web.Application(client_max_size=100 * 1024 * 1024)
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print("listening", site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
