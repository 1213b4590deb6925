package dev.weft.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder, which knows what was asked, and keeps nothing for later. What follows a
 * response, or comes without one having been asked for, would else lie in its buffer, unseen as
 * long as it is no complete line, and become the beginning of the next response: whoever controls
 * it, of a body that is longer than its length perhaps, would have a say in another call's answer.
 */
final class ResponseDecoder extends HttpResponseDecoder {
    private final Supplier<@Nullable String> method;
    private final Runnable unasked;

    /**
     * Creates one; owned by the event loop.
     *
     * @param method of the request that is to be answered; null if there is none
     * @param unasked told when something comes then
     */
    ResponseDecoder(HttpDecoderConfig config, Supplier<@Nullable String> method, Runnable unasked) {
        super(config);
        this.method = method;
        this.unasked = unasked;
    }

    /** Whether something follows what was decoded last. */
    boolean hasMore() {
        return actualReadableBytes() > 0;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object input) throws Exception {
        if (method.get() == null) {
            ReferenceCountUtil.release(input);
            unasked.run();
        } else {
            super.channelRead(ctx, input);
        }
    }

    /**
     * Netty reads over white space before the colon, and over a colon that is not there. Whoever
     * stands between may have read something else there, such as no length.
     */
    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        if (length == 0 || start + length == line.length || line[start + length] != ':') {
            throw new IllegalArgumentException("no colon behind the name of a field");
        }
        return super.splitHeaderName(line, start, length);
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage response) {
        return "HEAD".equals(method.get()) || super.isContentAlwaysEmpty(response);
    }
}
